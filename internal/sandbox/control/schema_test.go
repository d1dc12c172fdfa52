package control_test

import (
	"testing"

	"souk.dev/souk/internal/sandbox/profile"
)

// The schema that is served is this souk's: it knows every profile.
func TestWorldSchemaIsServed(t *testing.T) {
	st := open(t, "")
	var schema struct {
		Schema     string `json:"$schema"`
		Properties struct {
			Profiles struct{ Properties map[string]any } `json:"profiles"`
		} `json:"properties"`
	}
	st.get("/_sandbox/world.schema.json", &schema)
	if schema.Schema == "" || len(schema.Properties.Profiles.Properties) != len(profile.Behaviours()) {
		t.Errorf("the schema is %+v", schema)
	}
}
