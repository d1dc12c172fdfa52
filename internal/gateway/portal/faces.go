package portal

import (
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/webui"
)

// faces are the pages in every look that the seller has: the common one, and one for each product with a brand of its own.
type faces struct {
	common *webui.Renderer
	of     map[core.ProductCode]*webui.Renderer
}

// newFaces reads the pages in every look.
//
// Errors: fail.Invalid for a colour, a logo or a template that cannot be used, saying whose, or which.
func newFaces(seller core.Brand, products core.Catalogue, pages fs.FS, over ...fs.FS) (*faces, error) {
	f := &faces{of: map[core.ProductCode]*webui.Renderer{}}
	var err error
	if f.common, err = newFace(seller, webui.AssetPath, pages, over); err != nil {
		return nil, fail.Wrap(fail.Invalid, err, "seller_look", "The seller's look cannot be used: %v.", err)
	}
	for i, p := range products {
		if p.Brand == (core.Brand{}) {
			continue
		}
		if f.of[p.Code], err = newFace(p.Brand.Over(seller), fmt.Sprintf("%s%d/", webui.AssetPath, i+1), pages, over); err != nil {
			return nil, fail.Wrap(fail.Invalid, err, "seller_look", "The look of the product %s cannot be used: %v.", p.Code, err)
		}
	}
	return f, nil
}

func newFace(b core.Brand, assets string, pages fs.FS, over []fs.FS) (*webui.Renderer, error) {
	theme := webui.Theme{Name: b.Name, Accent: b.Accent, Home: "/portal", AssetPath: assets}
	if b.Logo != "" {
		var err error
		if theme.Logo, err = webui.ReadLogo(b.Logo); err != nil {
			return nil, err
		}
	}
	return webui.New(theme, pages, over...)
}

// overrides is the folder of the seller's own templates, to stand over pages; none where folder is empty. A file of a name that no page
// has is refused: it would never be used. Names with a dot before them are not the seller's but its tools'.
//
// Errors: fail.Invalid, saying which file.
func overrides(folder string, pages fs.FS) ([]fs.FS, error) {
	if folder == "" {
		return nil, nil
	}
	theirs := os.DirFS(folder)
	files, err := fs.ReadDir(theirs, ".")
	if err != nil {
		return nil, fail.Wrap(fail.Invalid, err, "page_templates", "The folder of page templates cannot be read: %v.", err)
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), ".") {
			continue
		}
		if _, err := fs.Stat(pages, f.Name()); err != nil {
			known, err := fs.Glob(pages, "*.html")
			if err != nil {
				return nil, err
			}
			return nil, fail.New(fail.Invalid, "page_templates", "The page template %s stands over no page; they are %s.", f.Name(), strings.Join(known, ", "))
		}
	}
	return []fs.FS{theirs}, nil
}

// try renders every sample in every look.
func (f *faces) try(samples []webui.Story) error {
	for _, ui := range append(slices.Collect(maps.Values(f.of)), f.common) {
		if err := ui.Try(samples...); err != nil {
			return err
		}
	}
	return nil
}

// about is the product that a page is about, whose look it has.
func (g Page) about() core.ProductCode { return g.product }

// Render answers with a page, in the look of the product that it is about.
func (f *faces) Render(w http.ResponseWriter, status int, page string, view any, options ...webui.Option) error {
	ui := f.common
	if v, ok := view.(interface{ about() core.ProductCode }); ok && f.of[v.about()] != nil {
		ui = f.of[v.about()]
	}
	return ui.Render(w, status, page, view, options...)
}

// mount adds the files of every look to mux.
func (f *faces) mount(mux *http.ServeMux) {
	f.common.Mount(mux)
	for _, ui := range f.of {
		ui.Mount(mux)
	}
}
