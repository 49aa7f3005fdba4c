// Package e2e tests the pages in a real browser: it serves them in this process
// on a free port of the loopback, and drives one headless Chromium by the
// DevTools protocol, with real pointers and keys. It has no code but tests.
//
// Controls are found by role and accessible name, with the words of the
// catalogue, never by class. Any console error, uncaught exception or report of
// the Content-Security-Policy fails the test that caused it.
//
// Where there is no browser the tests skip, and say how to get one; with
// VIZ_BROWSER=required or CI=true they fail instead. VIZ_CHROMIUM names the
// browser's program.
package e2e
