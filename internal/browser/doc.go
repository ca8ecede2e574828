// Package browser tests the inspector's page in a real browser: Chromium, without a window, driven by chromedp. It is a
// module of its own, so that what it depends on never reaches users.
//
//	make test                                   # with everything else
//	go -C internal/browser test -run Table -v   # one of them
//
// Each test has a system with sockets, an inspect.Inspector before it, and a tab. Whatever it looks at, nothing may have been
// said on the console when it ends.
package browser
