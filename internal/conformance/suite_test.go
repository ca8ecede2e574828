package conformance

// chapters is the whole suite.
var chapters = []chapter{
	specReq, specRep, specDealer, specRouter, specPushPull, reqCorrelate, reqRelaxed,
	hwm, hwmPubSub, sockoptHWM,
	routerMandatory, routerMandatoryHWM, routerHandover, probeRouter, connectRID, issue566, invalidRep,
	xpubVerbose, xpubWelcome, xpubNodrop, subForward, invertMatching, conflate, disconnectInproc,
	xpubManual, mockPubSub,
	inprocConnect, immediate, reconnectIvl, reconnectOptions, monitor, ctxDestroy, shutdownStress, manySockets, timeo,
	lastEndpoint, ipcWildcard, unbindWildcard, termEndpoint, bindAfterConnect, rebindIPC, connectResolve, bindSrcAddress,
	tcpAcceptFilter, abstractIPC, useFD, diffserv, setsockopt, srcfd,
	pairInproc, pairIPC, pairTCP, reqrepInproc, reqrepIPC, reqrepTCP, reqrepDevice, proxy, proxySingle, proxyTerminate, proxyHWM,
	msgFlags, system, metadata, socks,
	streamSocket, streamDisconnect, streamEmpty, streamExceedsBuffer, streamTimeout, heartbeats,
	securityZAP, noZAPHandler, securityNull, securityPlain, securityCurve,
}
