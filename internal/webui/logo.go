package webui

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// Logo is a picture for the header. It is served from this site, as a picture alone: no script in it runs.
type Logo struct {
	body []byte
	mime string
	ext  string
}

// maxLogo bounds a logo's file, in bytes: every new reader fetches it.
const maxLogo = 256 << 10

// logoTypes are what all browsers show, with how their files are called here.
var logoTypes = map[string]string{"image/svg+xml": ".svg", "image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}

// ReadLogo reads a picture from a file. Errors say which file, and what is wrong with it.
func ReadLogo(file string) (*Logo, error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the logo: %w", err)
	}
	if len(body) > maxLogo {
		return nil, fmt.Errorf("the logo %s has %d bytes; it may have %d", file, len(body), maxLogo)
	}
	mime := http.DetectContentType(body)
	if isSVG(body) {
		mime = "image/svg+xml"
	}
	ext, ok := logoTypes[mime]
	if !ok {
		return nil, fmt.Errorf("the logo %s is no SVG, PNG, JPEG or WebP (it is %s)", file, strings.TrimSuffix(mime, "; charset=utf-8"))
	}
	return &Logo{body, mime, ext}, nil
}

// isSVG reports whether body is a whole XML document whose outermost element is svg.
func isSVG(body []byte) bool {
	dec := xml.NewDecoder(bytes.NewReader(body))
	first := ""
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return first == "svg"
		}
		if err != nil {
			return false
		}
		if e, ok := tok.(xml.StartElement); ok && first == "" {
			first = e.Name.Local
		}
	}
}
