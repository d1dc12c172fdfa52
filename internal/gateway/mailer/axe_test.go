package mailer

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"souk.dev/souk/internal/gateway/letter"
	"souk.dev/souk/internal/webui/webuitest"
)

// letters shows the HTML of every letter at /{name}, with what it might say; at /{name}-long, with what it might say at worst.
func letters(t *testing.T) (site *httptest.Server, names []string) {
	t.Helper()
	ts, mux := ours(t), http.NewServeMux()
	show := func(name string, of letter.Name, c letter.Content) {
		w, err := ts.write(of, c)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
		mux.HandleFunc("GET /"+name, func(out http.ResponseWriter, _ *http.Request) {
			out.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = out.Write([]byte(w.html)) // to a browser that may have gone
		})
	}
	for _, name := range letter.Names {
		show(string(name), name, Sample(name))
	}
	for _, name := range []letter.Name{letter.Welcome, letter.Usage} {
		c := Sample(name)
		c.Name, c.Product = "Wolfeschlegelsteinhausenbergerdorff", "Hypertextgestaltungswerkzeugkastenverwaltung"
		c.Email, c.Link = "a.very.long.address.that.has.no.place.to.be.broken@analytical-engines-of-the-north.example", c.Link+"0123456789012345678901234567890123456789012345678901234567890123456789"
		c.Seller.Accent, c.Seller.SupportURL = "#ffe100", "https://inkwell.example/help/with/a/long/way/to/go/until/it/ends"
		show(string(name)+"-long", name, c)
	}
	site = httptest.NewServer(mux)
	t.Cleanup(site.Close)
	return site, names
}

// TestEveryLetterIsOpenToEverybody has axe-core look at every letter as a reader of mails shows it, wide and on a phone.
func TestEveryLetterIsOpenToEverybody(t *testing.T) {
	axe := webuitest.NewAxe(t)
	site, names := letters(t)
	pages := map[string]string{}
	for _, name := range names {
		pages[name] = site.URL + "/" + name
	}
	axe.Site(t, pages)
}
