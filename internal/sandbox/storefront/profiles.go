package storefront

import (
	"net/http"
	"path"
	"strings"

	"souk.dev/souk/internal/sandbox/profile"
	"souk.dev/souk/internal/webui"
)

type profilesView struct {
	Chrome
	Profiles []Choice
	Shuffle  uint64 // the seed that chose them; 0: none did
}

// Choice is a disputed behaviour with what is played at present.
type Choice struct {
	profile.Behaviour
	Field   webui.Field
	Sources []webui.Link // the source's words; those that are addresses have an Href
}

// getProfiles lists the behaviours of AWS that its documents leave open, and which reading is played.
func (s *Storefront) getProfiles(w http.ResponseWriter, r *http.Request) error {
	return s.ui.Render(w, http.StatusOK, "profiles", profilesView{s.chrome(w, r), s.choices(), s.opt.World.Shuffle()})
}

// choices are all disputed behaviours, with what is played at present.
func (s *Storefront) choices() (all []Choice) {
	set := s.opt.World.Profiles()
	for _, b := range profile.Behaviours() {
		f := webui.Field{Name: string(b.Name), Label: string(b.Name), Type: "select", Value: set.Get(b.Name), Required: true}
		for _, a := range b.Allowed {
			label := a
			if a == b.Default {
				label += " (default)"
			}
			f.Options = append(f.Options, webui.Choice{Value: a, Label: label})
		}
		all = append(all, Choice{b, f, linked(b.Source)})
	}
	return all
}

// linked is text with its web addresses as links, named after the page that they lead to.
func linked(text string) []webui.Link {
	var parts []webui.Link
	for word := range strings.SplitAfterSeq(text, " ") {
		address := strings.TrimRight(word, " ,;:.")
		if !strings.HasPrefix(address, "https://") {
			parts = append(parts, webui.Link{Label: word})
			continue
		}
		label := strings.TrimSuffix(path.Base(address), ".html")
		parts = append(parts, webui.Link{Href: address, Label: label}, webui.Link{Label: word[len(address):]})
	}
	return parts
}

// postProfiles changes what is played from now on.
func (s *Storefront) postProfiles(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	choices, set := map[string]string{}, s.opt.World.Profiles()
	for name := range r.PostForm {
		if value := r.PostForm.Get(name); !set.Is(profile.Name(name), value) {
			choices[name] = value
		}
	}
	if err := s.opt.World.SetProfiles(s.opt.Clock.Now(), choices); err != nil {
		return err
	}
	s.notes.leave(w, webui.Notice{Tone: webui.Success, Title: "Kept", Text: "The sandbox plays these from now on."})
	http.Redirect(w, r, "/control/profiles", http.StatusSeeOther)
	return nil
}
