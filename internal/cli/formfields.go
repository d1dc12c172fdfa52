package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"souk.dev/souk/internal/gateway/core"
)

// formField is a question to buyers as the settings form-fields and products have it.
type formField struct {
	Name     string   `json:"name"`
	Label    string   `json:"label"`
	Help     string   `json:"help"`
	Type     string   `json:"type"` // one of core.FieldTypes; empty: text
	Required bool     `json:"required"`
	Choices  []string `json:"choices"` // of the type choice
}

func formOf(list []formField) ([]core.FormField, error) {
	var form []core.FormField
	for _, f := range list {
		if f.Type == "" {
			f.Type = string(core.TextField)
		}
		form = append(form, core.FormField{Name: f.Name, Label: f.Label, Help: f.Help, Type: core.FieldType(f.Type), Required: f.Required, Choices: f.Choices})
	}
	return form, core.CheckForm(form)
}

// formFieldsValue is what buyers of all products are asked besides.
type formFieldsValue []core.FormField

func (v *formFieldsValue) Type() string { return "JSON" }
func (v *formFieldsValue) String() string {
	if len(*v) == 0 {
		return ""
	}
	return fmt.Sprintf("%d fields", len(*v))
}

func (v *formFieldsValue) Set(s string) error {
	var list []formField
	dec := json.NewDecoder(bytes.NewReader([]byte(s)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&list); err != nil {
		return fmt.Errorf("form fields are a JSON array such as [{\"name\":\"phone\",\"label\":\"Phone number\"}]: %w", err)
	}
	if dec.More() {
		return errors.New("form fields are one JSON array; something follows after it")
	}
	form, err := formOf(list)
	if err != nil {
		return err
	}
	*v = form
	return nil
}

// manualSetup is how accounts are made ready by the seller's people, as the setting products has it.
type manualSetup struct {
	Within  durationText `json:"within"`  // such as 48h or 2d
	Message string       `json:"message"` // what happens, in the seller's words
}

// maxSetupMessage is how many bytes of the seller's words stand on pages and in mails.
const maxSetupMessage = 1000

func (m manualSetup) rules() (core.ManualSetup, error) {
	switch {
	case m.Within == 0 && m.Message != "":
		return core.ManualSetup{}, errors.New("its manualSetup does not say within what time the buyer is contacted")
	case len(m.Message) > maxSetupMessage:
		return core.ManualSetup{}, fmt.Errorf("the message of its manualSetup has %d bytes; it may have %d", len(m.Message), maxSetupMessage)
	}
	return core.ManualSetup{Within: time.Duration(m.Within), Message: m.Message}, nil
}

// brand is how the seller shows itself for one product, as the setting products has it.
type brand struct {
	Name         string `json:"name"`
	SupportEmail string `json:"supportEmail"`
	SupportURL   string `json:"supportUrl"`
	Accent       string `json:"accent"`
	Logo         string `json:"logo"` // a file
	Welcome      string `json:"welcome"`
}
