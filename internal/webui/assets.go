package webui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strings"
)

//go:embed css/*.css js/*.js
var files embed.FS

// AssetPath is where [Renderer.Assets] must be mounted, unless the theme says where.
const AssetPath = "/assets/"

// assets are the files that pages refer to, each under a name with the hash of its content in it, so that browsers
// may keep it for ever.
type assets struct {
	base   string
	urls   map[string]string // by plain name: "style.css" → "/assets/style.3f….css"
	byPath map[string]asset
}

type asset struct {
	body []byte
	mime string
}

// sheets in the order in which they override each other; the theme's variables come after the tokens.
var sheets = []string{"base", "layout", "components", "lists", "forms", "tables", "control", "console"}

func newAssets(theme Theme) (*assets, error) {
	a := &assets{base: theme.AssetPath, urls: map[string]string{}, byPath: map[string]asset{}}
	var css bytes.Buffer
	tokens, err := files.ReadFile("css/tokens.css")
	if err != nil {
		return nil, fmt.Errorf("read the stylesheet: %w", err)
	}
	css.Write(tokens)
	css.WriteString(theme.variables())
	for _, s := range sheets {
		part, err := files.ReadFile("css/" + s + ".css")
		if err != nil {
			return nil, fmt.Errorf("read the stylesheet: %w", err)
		}
		css.Write(part)
	}
	a.add("style.css", "text/css; charset=utf-8", css.Bytes())
	a.add("icon.svg", "image/svg+xml", []byte(theme.mark()))
	if l := theme.Logo; l != nil {
		a.add("logo"+l.ext, l.mime, l.body)
	}
	scripts, err := files.ReadDir("js")
	if err != nil {
		return nil, fmt.Errorf("list the scripts: %w", err)
	}
	for _, s := range scripts {
		body, err := files.ReadFile("js/" + s.Name())
		if err != nil {
			return nil, fmt.Errorf("read a script: %w", err)
		}
		a.add(s.Name(), "text/javascript; charset=utf-8", body)
	}
	return a, nil
}

func (a *assets) add(name, mime string, body []byte) {
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
	a.urls[name] = a.base + hashed
	a.byPath[a.base+hashed] = asset{body, mime}
}

// Mount adds [Renderer.Assets] to mux, where the theme says.
func (r *Renderer) Mount(mux *http.ServeMux) { mux.Handle(r.assets.base, r.Assets()) }

// Assets serves the stylesheet, the icon and the few small scripts that pages can do without. Mount it at [AssetPath],
// or where the theme says.
func (r *Renderer) Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		f, ok := r.assets.byPath[req.URL.Path]
		if !ok {
			w.Header().Set("Cache-Control", "no-store") // an old name must not be remembered as missing
			http.NotFound(w, req)
			return
		}
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only GET", http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Content-Type", f.mime)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		if f.mime == "image/svg+xml" { // should somebody open the picture itself
			h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
		}
		h.Set("Content-Length", fmt.Sprint(len(f.body)))
		if req.Method == http.MethodGet {
			_, _ = w.Write(f.body)
		}
	})
}
