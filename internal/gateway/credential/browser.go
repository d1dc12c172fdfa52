package credential

import "strings"

// maxUserAgent is how much of a User-Agent is looked at, in bytes: what browsers send is less than half of it.
const maxUserAgent = 512

// token is a part of a User-Agent, and what people call the program or the system that sends it.
type token struct{ part, name string }

// browsers are in the order in which they are looked for: most say that they are Chrome and Safari, too.
var browsers = []token{
	{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"OPR/", "Opera"}, {"OPT/", "Opera"}, {"Vivaldi/", "Vivaldi"}, {"SamsungBrowser/", "Samsung Internet"},
	{"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Chromium/", "Chromium"}, {"Safari/", "Safari"},
}

// systems are in the order in which they are looked for: telephones name what theirs is made of, too.
var systems = []token{
	{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"CrOS", "ChromeOS"}, {"Macintosh", "Mac"}, {"Linux", "Linux"},
}

// BrowserOf tells, by the User-Agent that it sends, which browser somebody uses, for themselves to know it again: "Firefox on
// Windows". It answers words of its own alone, so that nothing of what a program says of itself is kept or shown; "" where it
// knows neither browser nor system. Versions and models are left out: they change under the same browser.
func BrowserOf(userAgent string) string {
	if len(userAgent) > maxUserAgent {
		userAgent = userAgent[:maxUserAgent]
	}
	browser, system := first(browsers, userAgent), first(systems, userAgent)
	switch {
	case browser == "" && system == "":
		return ""
	case system == "":
		return browser
	case browser == "":
		browser = "A browser"
	}
	return browser + " on " + system
}

func first(tokens []token, in string) string {
	for _, t := range tokens {
		if strings.Contains(in, t.part) {
			return t.name
		}
	}
	return ""
}
