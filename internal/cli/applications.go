package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/signon"
)

// application is one of the seller's applications as the setting applications has it, in the words of OAuth.
type application struct {
	ClientID    string `json:"clientId"`
	Name        string `json:"name"`
	ProductCode string `json:"productCode"` // whose licences it is told; empty: those of all products
	// ClientSecretHashes are of its secret, or of two while one replaces the other; none: a public client.
	ClientSecretHashes     []string `json:"clientSecretHashes"`
	RedirectURIs           []string `json:"redirectUris"`
	PostLogoutRedirectURIs []string `json:"postLogoutRedirectUris"`
}

// applicationsValue is the seller's applications.
type applicationsValue signon.Applications

func (v *applicationsValue) Type() string { return "JSON" }
func (v *applicationsValue) String() string {
	if len(*v) == 0 {
		return ""
	}
	return fmt.Sprintf("%d applications", len(*v))
}

func (v *applicationsValue) Set(s string) error {
	var list []application
	dec := json.NewDecoder(bytes.NewReader([]byte(s)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&list); err != nil {
		return fmt.Errorf("applications are a JSON array such as [{\"clientId\":\"inkwell\",\"name\":\"Inkwell\",\"redirectUris\":[\"https://…\"]}]: %w", err)
	}
	if dec.More() {
		return errors.New("applications are one JSON array; something follows after it")
	}
	*v = nil
	for _, a := range list {
		*v = append(*v, signon.Application{ID: a.ClientID, Name: a.Name, Product: core.ProductCode(a.ProductCode), Secrets: a.ClientSecretHashes,
			Redirects: a.RedirectURIs, SignedOut: a.PostLogoutRedirectURIs})
	}
	return nil
}

func applicationsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "applications",
		GroupID: groupLook,
		Short:   "Make secrets for your applications, at which customers sign in with their account here",
		Long: `Make secrets for the applications that the setting applications lists: those at which your customers sign in with the account
that they have at the gateway, by OpenID Connect.`,
		Example: "  souk applications secret",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(applicationsSecretCommand())
	return cmd
}

func applicationsSecretCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "secret",
		Short:   "Make a client secret and its hash",
		Long:    "Make a client secret, for the application, and its hash, for the setting applications. Neither is kept.",
		Example: "  souk applications secret\n  souk applications secret --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			secret := credential.NewSecret()
			hash := credential.HashOf(secret)
			if asJSON {
				return printJSON(cmd.OutOrStdout(), map[string]string{"clientSecret": secret, "clientSecretHash": hash})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "client secret, for the application:  %s\nits hash, for the gateway's setting:  %s\n\nNeither is kept or shown again.\n", secret, hash)
			return nil
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}
