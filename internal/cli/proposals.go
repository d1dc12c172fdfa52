package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

// shown is a proposal of one kind as the gateway shows it: what a person reads of it, and all of it for programs.
type shown[T readable] struct {
	says  T
	whole json.RawMessage
}

// readable is what a person reads of a proposal.
type readable interface {
	row() []any  // in a list
	fmt.Stringer // all that a decision rests on
}

// UnmarshalJSON implements [json.Unmarshaler].
func (s *shown[T]) UnmarshalJSON(text []byte) error {
	s.whole = json.RawMessage(strings.Clone(string(text)))
	return json.Unmarshal(text, &s.says)
}

// MarshalJSON implements [json.Marshaler]: what the gateway said.
func (s shown[T]) MarshalJSON() ([]byte, error) { return s.whole, nil }

// proposals are the commands about one kind of proposal.
type proposals[T readable] struct {
	name   string   // of the command and, after /v1/, of the calls
	called string   // in sentences, of several: "cancellation requests"
	one    string   // an id, for examples
	head   string   // of the columns of a row
	states []string // in the order of a proposal's life
	state  string   // one of them, for an example
}

// list lists them.
func (p proposals[T]) list() *cobra.Command {
	var state, license string
	cmd := officeCommand(&cobra.Command{
		Use:     "list",
		Short:   "List " + p.called + ", oldest first",
		Example: "  souk " + p.name + " list --state " + p.state + "\n  souk " + p.name + " list --license lic_4t9… --json",
		Args:    cobra.NoArgs,
	}, func(ctx context.Context, o office, out verbOutput, _ []string) error {
		all, err := listOf[shown[T]](ctx, o, "/v1/"+p.name, url.Values{"state": {state}, "license": {license}})
		if err != nil {
			return err
		}
		return table(out, p.head, all, func(s shown[T]) []any { return s.says.row() })
	})
	last := len(p.states) - 1
	cmd.Flags().StringVar(&state, "state", "", "only in this state: "+strings.Join(p.states[:last], ", ")+" or "+p.states[last])
	cmd.Flags().StringVar(&license, "license", "", "only of this license, by its ARN or the gateway's id")
	return cmd
}

// show shows one.
func (p proposals[T]) show(short, examples string) *cobra.Command {
	return officeCommand(&cobra.Command{
		Use:     "show ID",
		Short:   short,
		Example: examples,
		Args:    cobra.ExactArgs(1),
	}, func(ctx context.Context, o office, out verbOutput, args []string) error {
		return p.tell(ctx, o, out, http.MethodGet, "/"+url.PathEscape(args[0]), nil)
	})
}

// ask makes cmd propose one of the license that is named, with the body f.
func (p proposals[T]) ask(f bodyFlags, cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.ExactArgs(1)
	return officeCommand(cmd, func(ctx context.Context, o office, out verbOutput, args []string) error {
		f["license"] = args[0]
		return p.tell(ctx, o, out, http.MethodPost, "", f)
	})
}

// decision makes cmd, which is given an ID, a call on that one, such as "approve", with the body f.
func (p proposals[T]) decision(call string, f bodyFlags, cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.ExactArgs(1)
	cmd = officeCommand(cmd, func(ctx context.Context, o office, out verbOutput, args []string) error {
		return p.tell(ctx, o, out, http.MethodPost, "/"+url.PathEscape(args[0])+"/"+call, f)
	})
	f.text(cmd, "by", "who decides")
	return cmd
}

// decisions are the commands of a kind of which AWS asks the buyer. toldWhy says who is told why one is withdrawn.
func (p proposals[T]) decisions(toldWhy string) (all []*cobra.Command) {
	for _, d := range []struct{ use, short, why string }{
		{"approve", "Let a proposal go to AWS, which asks the buyer", ""},
		{"reject", "End a proposal without AWS", "why it is not wanted"},
		{"withdraw", "Take a request back that the buyer has not answered", toldWhy},
	} {
		f := bodyFlags{}
		cmd := p.decision(d.use, f, &cobra.Command{Use: d.use + " ID", Short: d.short, Example: "  souk " + p.name + " " + d.use + " " + p.one + " --by Grace"})
		if d.why != "" {
			f.text(cmd, "why", d.why)
		}
		all = append(all, cmd)
	}
	return all
}

// tell makes a call about one and prints what it answers.
func (p proposals[T]) tell(ctx context.Context, o office, out verbOutput, method, path string, in any) error {
	var s shown[T]
	if err := o.call(ctx, method, "/v1/"+p.name+path, in, &s); err != nil {
		return err
	}
	return out.tell(s, "%s", s.says)
}
