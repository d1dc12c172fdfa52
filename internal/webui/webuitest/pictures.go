package webuitest

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// pagesOf serves a storybook until the test ends, and says where each of its stories is.
func pagesOf(t *testing.T, book http.Handler) map[string]string {
	t.Helper()
	shown := httptest.NewServer(book)
	t.Cleanup(shown.Close)
	index := httptest.NewRecorder()
	book.ServeHTTP(index, httptest.NewRequest("GET", "/", nil))
	pages := map[string]string{}
	for _, story := range Parse(t, index.Body).All("a[href]") {
		pages[story.Text()] = shown.URL + story.Attr("href")
	}
	if len(pages) == 0 {
		t.Fatal("the storybook has no stories")
	}
	return pages
}

// StoryPictures writes pictures of every story of a storybook, as [Pictures] does, each also in the dark.
func StoryPictures(t *testing.T, book http.Handler) {
	t.Helper()
	Pictures(t, pagesOf(t, book), func(string) bool { return true })
}

// Pictures writes pictures of the pages of a site, for each a name and where it is, to the folder $SCREENSHOTS: wide, as on a
// phone and, where inDark says so, in the dark. Where SHOTS is a regular expression, only of the pages whose names it matches.
// It skips the test where SCREENSHOTS names no folder.
func Pictures(t *testing.T, pages map[string]string, inDark func(name string) bool) {
	t.Helper()
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		t.Skip("SCREENSHOTS names no directory")
	}
	only := regexp.MustCompile(os.Getenv("SHOTS"))
	camera := NewCamera(t)
	for name, url := range pages {
		if !only.MatchString(name) {
			continue
		}
		shots := map[string]Shot{"": {Width: 1280}, "-phone": {Width: 390}}
		if inDark(name) {
			shots["-dark"] = Shot{Width: 1280, Dark: true}
		}
		for suffix, shot := range shots {
			shot.URL, shot.File = url, filepath.Join(dir, name+suffix+".png")
			camera.Take(t, shot)
		}
	}
}
