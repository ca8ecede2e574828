// Loads a certificate, or makes one, prints its keys and metadata, and saves it under another name.
//
// usage: zcert path|new path
#include <czmq.h>

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	zsys_handler_set(NULL);
	zcert_t *cert;
	if (streq(argv[1], "new")) {
		cert = zcert_new();
		zcert_set_meta(cert, "name", "%s", "Alice's # 2");
		zcert_set_meta(cert, "email", "%s", "alice@example.com");
		zcert_set_meta(cert, "percent", "%s", "50%");
	} else {
		cert = zcert_load(argv[1]);
	}
	if (!cert)
		return 3;
	printf("%s\n%s\n", zcert_public_txt(cert), zcert_secret_txt(cert));
	printf("%s\n%s\n%s\n", zcert_meta(cert, "name"), zcert_meta(cert, "email"), zcert_meta(cert, "percent"));
	if (zcert_save(cert, argv[2]) != 0)
		return 4;
	zcert_destroy(&cert);
	return 0;
}
