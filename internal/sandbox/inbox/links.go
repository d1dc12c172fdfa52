package inbox

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

var inText = regexp.MustCompile(`https?://[^\s<>"'\x00-\x20]+`)

// links lists the web addresses of a mail: those that stand in its text, then those that its HTML leads to.
func links(text, markup string) []string {
	found := []string{}
	add := func(address string) {
		u, err := url.Parse(address)
		if err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") && len(found) < maxLinks && !slices.Contains(found, address) {
			found = append(found, address)
		}
	}
	for _, address := range inText.FindAllString(text, maxLinks) {
		add(unwrapped(address))
	}
	for z := html.NewTokenizer(strings.NewReader(markup)); ; {
		kind := z.Next()
		if kind == html.ErrorToken {
			return found
		}
		if name, more := z.TagName(); kind == html.StartTagToken && string(name) == "a" {
			for more {
				var key, value []byte
				key, value, more = z.TagAttr()
				if string(key) == "href" {
					add(strings.TrimSpace(string(value)))
				}
			}
		}
	}
}

// unwrapped takes off what belongs to the sentence around an address: its full stop, or the bracket that it stands in.
func unwrapped(address string) string {
	for {
		short := strings.TrimRight(address, ".,;:!?")
		for open, shut := range map[string]string{"(": ")", "[": "]"} {
			if strings.HasSuffix(short, shut) && strings.Count(short, shut) > strings.Count(short, open) {
				short = strings.TrimSuffix(short, shut)
			}
		}
		if short == address {
			return address
		}
		address = short
	}
}
