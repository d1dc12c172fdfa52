package doctor

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	siteLimit  = 15 * time.Second    // for one request, in real time
	certSpare  = 14 * 24 * time.Hour // a certificate that lasts less should have been renewed
	answerRead = 64 << 10            // of a page, at most
)

// site looks at the landing page as a buyer's browser would: AWS Marketplace takes only an https URL, and its form is posted.
// Source: AWS Marketplace Seller Guide, "SaaS product guidelines".
func (e *examination) site(ctx context.Context) {
	const check = "landing page"
	u, err := url.Parse(e.BaseURL)
	if err != nil || u.Host == "" {
		e.ill(check, "base-url is not set: the links in pages and mails would lead to the address that the gateway listens on.", "Set base-url to the https URL under which browsers reach the gateway.")
		return
	}
	at := u.JoinPath("register").String()
	res, err := e.ask(ctx, http.MethodGet, at)
	if err != nil {
		e.ill(check, at+" does not answer: "+err.Error()+".", "Start the gateway; look at DNS, the load balancer and its certificate.")
		return
	}
	if res.StatusCode != http.StatusOK {
		e.ill(check, fmt.Sprintf("%s answers %s instead of the page that explains how to get there%s.", at, res.Status, to(res)), "Let the proxy hand every path on as it is, to the gateway.")
		return
	}
	// A form without a token is refused by the gateway itself, with a page; what answers otherwise is something before it.
	form, err := e.ask(ctx, http.MethodPost, at)
	if err != nil || form.StatusCode != http.StatusBadRequest {
		says := "the form of AWS Marketplace does not arrive: "
		if err != nil {
			says += err.Error()
		} else {
			says += "a POST is answered " + form.Status + to(form)
		}
		e.ill(check, at+": "+says+".", "Let the proxy hand a POST from another site on as it is: no redirect, no cookie or CSRF check of its own.")
		return
	}
	switch loopback := isLoopback(u.Hostname()); {
	case u.Scheme != "https" && loopback:
		e.doubt(check, at+" answers, on this machine alone.", "For production, set base-url to an https URL that buyers reach: AWS Marketplace takes no other as fulfilment URL.")
	case u.Scheme != "https":
		e.ill(check, at+" answers without TLS: tokens and passwords would travel in the open.", "Put the gateway behind TLS; AWS Marketplace takes only an https fulfilment URL.")
	case res.TLS != nil && len(res.TLS.PeerCertificates) > 0 && res.TLS.PeerCertificates[0].NotAfter.Sub(e.Clock.Now()) < certSpare:
		e.doubt(check, at+" answers; its certificate ends on "+res.TLS.PeerCertificates[0].NotAfter.UTC().Format("2 Jan 2006")+".", "Renew it, and see that it is renewed by itself.")
	default:
		e.well(check, at+" answers over https, to a form too: this is the fulfilment URL.")
	}
}

func (e *examination) ask(ctx context.Context, method, at string) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, siteLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, at, nil)
	if err != nil {
		return nil, err
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := e.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, answerRead))
	if shut := res.Body.Close(); err == nil {
		err = shut
	}
	return res, err
}

// to says where a redirect leads.
func to(res *http.Response) string {
	if l := res.Header.Get("Location"); l != "" {
		return ", to " + l
	}
	return ""
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || (ip != nil && ip.IsLoopback())
}
