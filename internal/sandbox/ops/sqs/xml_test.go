package sqs

import (
	"bytes"
	"encoding/xml"
	"io"
)

// wellFormed reads doc to its end.
func wellFormed(doc []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(doc))
	for {
		if _, err := dec.Token(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}
