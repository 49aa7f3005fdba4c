package pull

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"vizserver/internal/fault"
)

// hosts are those that official files come from, with where they redirect to; one that
// begins with a dot stands for all names below it.
var hosts = []string{
	"download.pytorch.org",
	"github.com", "objects.githubusercontent.com", "release-assets.githubusercontent.com",
	"huggingface.co", ".huggingface.co", ".hf.co",
	"storage.googleapis.com",
}

// RefusedError says why an address is not asked.
type RefusedError struct{ URL, Why string }

func (e *RefusedError) Error() string { return fmt.Sprintf("%.200s is not asked: %s", e.URL, e.Why) }

// Kind says that nobody is let there.
func (e *RefusedError) Kind() fault.Kind { return fault.Forbidden }

// policy decides which addresses may be asked: the publishers' over https, and the mirror
// that the user named; and which machines: no private ones under a publisher's name,
// whatever the name service says.
type policy struct {
	mirror *url.URL // nil: none
}

// newPolicy checks the address of a mirror; "" is none. It is https, or http on this machine.
func newPolicy(mirror string) (*policy, error) {
	if mirror == "" {
		return &policy{}, nil
	}
	u, err := url.Parse(mirror)
	if err != nil || u.Host == "" {
		return nil, fault.New(fault.Invalid, "the mirror %.200q is no address", mirror).WithHint("for example https://mirror.example.org/weights")
	}
	ip, isIP := netip.ParseAddr(u.Hostname())
	here := u.Hostname() == "localhost" || isIP == nil && ip.IsLoopback()
	switch {
	case u.Scheme != "https" && (u.Scheme != "http" || !here):
		return nil, &RefusedError{URL: mirror, Why: "a mirror is https, or http on this machine"}
	case isIP == nil && (ip.IsLinkLocalUnicast() || ip.IsUnspecified() || ip.IsMulticast()):
		return nil, &RefusedError{URL: mirror, Why: "that is no address of a mirror"}
	}
	return &policy{mirror: u}, nil
}

// check says whether an address may be asked, first or after a redirect.
func (p *policy) check(u *url.URL) error {
	if p.mirror != nil && u.Scheme == p.mirror.Scheme && strings.EqualFold(u.Host, p.mirror.Host) {
		return nil
	}
	if u.Scheme != "https" {
		return &RefusedError{URL: u.Redacted(), Why: "only https is"}
	}
	host := strings.ToLower(u.Hostname())
	known := slices.ContainsFunc(hosts, func(h string) bool {
		return host == h || h[0] == '.' && strings.HasSuffix(host, h)
	})
	if !known || u.Port() != "" && u.Port() != "443" {
		return &RefusedError{URL: u.Redacted(), Why: "its host is none of a publisher's"}
	}
	return nil
}

const maxRedirects = 10

// redirect is http.Client's CheckRedirect.
func (p *policy) redirect(r *http.Request, via []*http.Request) error {
	if len(via) >= maxRedirects || slices.ContainsFunc(via, func(v *http.Request) bool { return v.URL.String() == r.URL.String() }) {
		return &RefusedError{URL: r.URL.Redacted(), Why: "the server redirects in a circle"}
	}
	return p.check(r.URL)
}

// transport dials only where the policy allows, and asks the proxy of the environment.
func (p *policy) transport() *http.Transport {
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: p.dial, TLSHandshakeTimeout: 15 * time.Second,
		MaxResponseHeaderBytes: 64 << 10, DisableCompression: true, DisableKeepAlives: true,
	}
}

// dial connects to a host. The addresses that the name service gives are looked at as they are
// dialled, so a name that changes between two looks gains nothing. A proxy is the user's own,
// and dialled as it is.
func (p *policy) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: 15 * time.Second}
	switch {
	case p.mirror != nil && address == hostPort(p.mirror):
		d.Control = only(address, func(ip netip.Addr) bool {
			return ip.IsLoopback() || p.mirror.Scheme == "https" && !ip.IsLinkLocalUnicast()
		})
	case address != proxyAddress():
		d.Control = only(address, public)
	}
	return d.DialContext(ctx, network, address)
}

// only refuses to dial addresses that are not wanted.
func only(host string, want func(netip.Addr) bool) func(network, address string, c syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		a, err := netip.ParseAddrPort(address)
		if err != nil || !want(a.Addr().Unmap()) {
			return &RefusedError{URL: host, Why: "its name stands for " + address + ", which is no public address"}
		}
		return nil
	}
}

// shared is the address space of carriers, RFC 6598.
var shared = netip.MustParsePrefix("100.64.0.0/10")

func public(ip netip.Addr) bool {
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !shared.Contains(ip)
}

// proxyAddress is host:port of the proxy for https in the environment, or "".
func proxyAddress() string {
	u, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: "https", Host: hosts[0]}})
	if u == nil || err != nil {
		return ""
	}
	return hostPort(u)
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
		if port == "" {
			port = "80"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}
