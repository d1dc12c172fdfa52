package credential

import (
	"strings"
	"testing"
)

func TestBrowsersInWords(t *testing.T) {
	const chrome = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36"
	for agent, want := range map[string]string{
		"": "",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0":                                                           "Firefox on Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + chrome:                                                                                        "Chrome on Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + chrome + " Edg/149.0.0.0":                                                                     "Edge on Windows",
		"Mozilla/5.0 (X11; Linux x86_64) " + chrome + " OPR/120.0.0.0":                                                                               "Opera on Linux",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) " + chrome:                                                                                         "Chrome on ChromeOS",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15":                      "Safari on Mac",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1":    "Safari on iPhone",
		"Mozilla/5.0 (iPad; CPU OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/149.0.0.0 Mobile/15E148 Safari/604.1":          "Chrome on iPad",
		"Mozilla/5.0 (Linux; Android 16; SM-S931B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36": "Samsung Internet on Android",
		"Mozilla/5.0 (Android 16; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0":                                                                       "Firefox on Android",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/145.0 Mobile/15E148 Safari/605.1.15":  "Firefox on iPhone",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/149.0.0.0 Safari/537.36":                              "Chrome on Linux",
		"Something of a company's own (Windows)":                                                                                                     "A browser on Windows",
		"Firefox/1":                                                                                                                                  "Firefox",
		"Go-http-client/2.0":                                                                                                                         "",
		`"><script>alert(1)</script> Firefox/1 Windows`:                                                                                              "Firefox on Windows",
		strings.Repeat("x", maxUserAgent) + "Firefox/1":                                                                                              "",
	} {
		if got := BrowserOf(agent); got != want {
			t.Errorf("%q: %q, want %q", agent, got, want)
		}
	}
}

// Whatever is sent, what is kept is made of words of ours.
func FuzzBrowserOf(f *testing.F) {
	known := map[string]bool{"": true}
	for _, s := range append([]token{{}}, systems...) {
		for _, b := range append([]token{{name: "A browser"}}, browsers...) {
			known[b.name+" on "+s.name], known[b.name] = true, true
		}
	}
	delete(known, "A browser")
	f.Add("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0")
	f.Add("Firefox/\x00 iPhone <b>")
	f.Fuzz(func(t *testing.T, agent string) {
		if got := BrowserOf(agent); !known[got] || strings.HasSuffix(got, " on ") {
			t.Errorf("%q: %q", agent, got)
		}
	})
}
