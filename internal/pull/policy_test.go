package pull

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"vizserver/internal/fault"
)

func TestPolicyMirror(t *testing.T) {
	t.Parallel()
	for mirror, want := range map[string]string{ // "": allowed; else a part of the error
		"":                          "",
		"https://mirror.example/w":  "",
		"https://10.1.2.3/w":        "", // the user's own, in his network
		"http://127.0.0.1:8000":     "",
		"http://[::1]:8000/x":       "",
		"http://localhost:8000":     "",
		"http://mirror.example/w":   "https",
		"http://10.1.2.3/w":         "https",
		"file:///etc":               "no address",
		"file://host/etc":           "https",
		"ftp://mirror.example":      "https",
		"https://169.254.169.254/":  "no address of a mirror",
		"https://[fe80::1]/":        "no address of a mirror",
		"https://0.0.0.0/":          "no address of a mirror",
		"http://127.0.0.1.evil.org": "https",
		"nonsense":                  "no address",
		"https://%zz":               "no address",
	} {
		_, err := newPolicy(mirror)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", mirror, err, want)
		}
		if err != nil && fault.KindOf(err) == fault.Internal {
			t.Errorf("%q: not our fault", mirror)
		}
	}
}

func TestPolicyCheck(t *testing.T) {
	t.Parallel()
	own, err := newPolicy("https://mirror.example/w")
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]bool{
		"https://download.pytorch.org/models/x.pth":      true,
		"https://DOWNLOAD.pytorch.org/models/x.pth":      true,
		"https://download.pytorch.org:443/x":             true,
		"https://cdn-lfs-us-1.hf.co/x":                   true,
		"https://mirror.example/elsewhere":               true,
		"http://download.pytorch.org/models/x.pth":       false,
		"https://download.pytorch.org:8443/x":            false,
		"https://download.pytorch.org.evil.org/x":        false,
		"https://evilhf.co/x":                            false,
		"https://user@evil.org/x?download.pytorch.org":   false,
		"https://download.pytorch.org@evil.org/x":        false,
		"https://127.0.0.1/x":                            false,
		"https://[::ffff:127.0.0.1]/x":                   false,
		"http://mirror.example/w":                        false,
		"https://mirror.example:444/w":                   false,
		"file:///etc/passwd":                             false,
		"gopher://download.pytorch.org/x":                false,
		"https://huggingface.co%2f@evil.org/x":           false,
		"//download.pytorch.org/x":                       false,
		"https://download.pytorch.org.:443/x":            false,
		"https://release-assets.githubusercontent.com/x": true,
	} {
		u, err := url.Parse(address)
		if err != nil {
			continue // http.Client would not get further
		}
		if got := own.check(u) == nil; got != want {
			t.Errorf("%s: allowed %v, want %v", address, got, want)
		}
	}
}

// TestDial: the address is looked at as it is dialled, whatever the name was.
func TestDial(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"127.0.0.1": false, "::1": false, "10.0.0.1": false, "172.16.3.4": false, "192.168.1.1": false,
		"169.254.169.254": false, "fe80::1": false, "fd00::1": false, "0.0.0.0": false, "224.0.0.1": false,
		"100.64.0.1": false, "::ffff:127.0.0.1": false, "151.101.2.132": true, "2a04:4e42::644": true,
	} {
		if got := public(netip.MustParseAddr(text).Unmap()); got != want {
			t.Errorf("%s: public %v, want %v", text, got, want)
		}
	}
	p, err := newPolicy("")
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.dial(t.Context(), "tcp", "localhost:1")
	if err == nil {
		_ = c.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "no public address") {
		t.Errorf("a publisher's name that stands for this machine was dialled: %v", err)
	}
}
