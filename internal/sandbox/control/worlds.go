package control

import (
	"net/http"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox/notice"
	"souk.dev/souk/internal/sandbox/wire"
)

// NewWorld describes a named world that is to be made. What is left out is as the main world's.
type NewWorld struct {
	// Name is a label of a host name: letters, digits and hyphens, beginning with a letter. Empty: one is drawn.
	Name string `json:"name"`
	// File is the text of a world file; empty: the built-in world.
	File           string     `json:"file"`
	Now            *time.Time `json:"now"` // where its clock starts; nil: the system's time
	Frozen         bool       `json:"frozen"`
	Seed           uint64     `json:"seed"`    // of all identifiers; 0: another each time
	Shuffle        uint64     `json:"shuffle"` // chooses every disputed behaviour; 0: none is shuffled
	FulfillmentURL string     `json:"fulfillmentUrl"`
	SignInURL      string     `json:"signInUrl"`
}

// World is a named world: a marketplace of its own beside the main one.
type World struct {
	Name string `json:"name"`
	// URL is its address for programs, which needs no name resolution: the endpoint of its AWS APIs, and its control API.
	URL string `json:"url"`
	// Pages is its address by host name, for browsers.
	Pages string `json:"pages"`
	// AccessKeyID is a key of its default seller, which chooses the world by itself at any of the addresses.
	AccessKeyID     string    `json:"accessKeyId"`
	SecretAccessKey string    `json:"secretAccessKey"`
	QueueURL        string    `json:"queueUrl"` // of the default seller's notices
	Now             time.Time `json:"now"`      // its time
}

// Worlds makes and ends named worlds.
type Worlds interface {
	Worlds() []World // sorted by name
	World(name string) (World, error)
	MakeWorld(NewWorld) (World, error)
	EndWorld(name string) error
}

// Describe is the world that c controls, as lists of worlds show it; pages is its address by host name.
func (c *Control) Describe(pages string) World {
	key, secret := c.sellerKey(c.opt.World.DefaultSeller())
	return World{Name: c.opt.Name, URL: c.opt.Base(), Pages: pages, AccessKeyID: key, SecretAccessKey: secret,
		QueueURL: c.queueURL(), Now: c.opt.Clock.Now()}
}

// sellerKey is the access key that a program of seller is given, as it is known outside of this world.
func (c *Control) sellerKey(seller string) (id, secret string) {
	id, secret = anyKey, anySecret
	for _, k := range c.opt.World.AccessKeys() {
		if k.AccountID == seller {
			id = k.ID
			if k.Secret != "" {
				secret = k.Secret
			}
			break
		}
	}
	return wire.InWorld(id, c.opt.Name), secret
}

func (c *Control) queueURL() string {
	return c.opt.Base() + "/" + c.opt.World.DefaultSeller() + "/" + notice.DefaultQueue
}

// worlds is who makes named worlds; a named world itself makes none.
func (c *Control) worlds() (Worlds, error) {
	if c.opt.Worlds == nil {
		return nil, fail.New(fail.NotFound, "not_the_main_world", "Only the main world makes and ends others; call it at the address without a world's name.")
	}
	return c.opt.Worlds, nil
}

func (c *Control) getWorlds(w http.ResponseWriter, r *http.Request) error {
	ws, err := c.worlds()
	if err != nil {
		return err
	}
	return answerSlice(w, r, ws.Worlds())
}

func (c *Control) getWorld(w http.ResponseWriter, r *http.Request) error {
	ws, err := c.worlds()
	if err != nil {
		return err
	}
	one, err := ws.World(r.PathValue("name"))
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, one)
}

func (c *Control) postWorld(w http.ResponseWriter, r *http.Request) error {
	ws, err := c.worlds()
	if err != nil {
		return err
	}
	var in NewWorld
	if err := httpx.Decode(w, r, &in); err != nil && fail.CodeOf(err) != "empty_body" {
		return err
	}
	one, err := ws.MakeWorld(in)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusCreated, one)
}

func (c *Control) deleteWorld(w http.ResponseWriter, r *http.Request) error {
	ws, err := c.worlds()
	if err != nil {
		return err
	}
	if err := ws.EndWorld(r.PathValue("name")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
