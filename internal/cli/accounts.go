package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// customerAccount is an account as the gateway tells of it.
type customerAccount struct {
	ID        string     `json:"id"`
	Email     string     `json:"email"`
	Name      string     `json:"name"`
	Company   string     `json:"company,omitempty"`
	Reference string     `json:"reference,omitempty"`
	CreatedAt time.Time  `json:"createdAt"`
	ErasedAt  *time.Time `json:"erasedAt,omitempty"`
	Licenses  []string   `json:"licenses,omitempty"`
}

func (a customerAccount) row() []any {
	if a.ErasedAt != nil {
		return []any{a.ID, when(a.CreatedAt), "erased " + when(*a.ErasedAt), "-"}
	}
	return []any{a.ID, when(a.CreatedAt), cmp.Or(a.Email, a.Reference, "-"), cmp.Or(a.Name, "-")}
}

func accountsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "accounts",
		GroupID: groupLook,
		Short:   "List the customers of a running gateway, hand out what is kept about one, and erase it",
		Example: "  souk accounts list\n  souk accounts export acc_4t9… > ada.json\n  souk accounts erase acc_4t9…",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	list := officeCommand(&cobra.Command{Use: "list", Short: "List accounts, oldest first", Example: "  souk accounts list --json", Args: cobra.NoArgs},
		func(ctx context.Context, o office, out verbOutput, _ []string) error {
			all, err := listOf[customerAccount](ctx, o, "/v1/accounts", nil)
			if err != nil {
				return err
			}
			return table(out, "ID\tCREATED\tE-MAIL\tNAME", all, customerAccount.row)
		})
	export := officeCommand(&cobra.Command{Use: "export ID", Short: "Write all that is kept about a person, as JSON", Example: "  souk accounts export acc_4t9… > ada.json", Args: cobra.ExactArgs(1)},
		func(ctx context.Context, o office, out verbOutput, args []string) error {
			var data json.RawMessage
			if err := o.call(ctx, http.MethodGet, personalData(args[0]), nil, &data); err != nil {
				return err
			}
			return printJSON(out, data)
		})
	var force bool
	erase := officeCommand(&cobra.Command{
		Use:   "erase ID",
		Short: "Erase what is kept about a person",
		Long: `Erase what is kept about a person: e-mail address, name, company, password, sessions. The account stays under its id, empty. What bills rest on knows it by
that id alone and stays as it is; souk audit says the same before and after.`,
		Example: "  souk accounts erase acc_4t9…",
		Args:    cobra.ExactArgs(1),
	}, func(ctx context.Context, o office, out verbOutput, args []string) error {
		path := personalData(args[0])
		if force {
			path += "?force=true"
		}
		var a customerAccount
		if err := o.call(ctx, http.MethodDelete, path, nil, &a); err != nil {
			return err
		}
		return out.tell(a, "The account %s is empty.", a.ID)
	})
	erase.Flags().BoolVar(&force, "force", false, "even though a subscription of it is not over; nobody can sign in to it any more")
	cmd.AddCommand(list, export, erase)
	return cmd
}

func personalData(account string) string {
	return "/v1/accounts/" + url.PathEscape(account) + "/personal-data"
}
