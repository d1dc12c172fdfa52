package cli

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/fault"
)

// completionLimit bounds how long, in real time, a shell waits for the sandbox before it completes nothing.
const completionLimit = 2 * time.Second

// namer asks a running sandbox for words that complete a command line, each with what it means.
type namer func(ctx context.Context, m marketplace) ([]cobra.Completion, error)

// completeWith completes with what ask brings. A sandbox that does not answer completes nothing: a shell is no place
// for an error.
func completeWith(ask namer) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if err := readSettings(cmd, os.LookupEnv); err != nil { // they say which sandbox is meant
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completionLimit)
		defer cancel()
		words, err := ask(ctx, marketplaceAt(cmd.Flag("sandbox").Value.String()))
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return slices.DeleteFunc(words, func(w cobra.Completion) bool { return slices.Contains(args, w) }), cobra.ShellCompDirectiveNoFileComp
	}
}

// choices tells what there is to choose from, for an error about something that was left out; nothing, where the
// sandbox does not answer.
func choices(ctx context.Context, m marketplace, of map[string]namer) string {
	ctx, cancel := context.WithTimeout(ctx, completionLimit)
	defer cancel()
	var b strings.Builder
	for _, title := range slices.Sorted(maps.Keys(of)) {
		words, err := of[title](ctx, m)
		if err != nil {
			return ""
		}
		fmt.Fprintf(&b, "\n\n%s:", title)
		for _, w := range words {
			word, about, _ := strings.Cut(w, "\t")
			fmt.Fprintf(&b, "\n  %-26s %s", word, about)
		}
	}
	return b.String()
}

// completeFlags gives flags of cmd their completions. A flag that cmd does not have is a mistake of the programmer.
func completeFlags(cmd *cobra.Command, by map[string]namer) {
	for name, ask := range by {
		if err := cmd.RegisterFlagCompletionFunc(name, completeWith(ask)); err != nil {
			panic("cli: " + err.Error())
		}
	}
}

// once completes the first argument and no further one.
func once(f cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return f(cmd, args, begun)
	}
}

// names makes a namer of a list of the control API.
func names[T any](path string, q url.Values, word func(T) cobra.Completion) namer {
	return func(ctx context.Context, m marketplace) ([]cobra.Completion, error) {
		all, err := list[T](ctx, m, path, q)
		words := make([]cobra.Completion, 0, len(all))
		for _, one := range all {
			words = append(words, word(one))
		}
		return words, err
	}
}

type listedProduct struct{ ProductCode, Title string }

type listedOffer struct{ OfferID, ProductID, Name string }

type listedBuyer struct{ AccountID, Name string }

type listedAgreement struct{ AgreementID, LicenseARN, ProductCode, BuyerAccountID, Status string }

func (a listedAgreement) about() string {
	return a.ProductCode + " of " + a.BuyerAccountID + ", " + a.Status
}

func nameAgreement(a listedAgreement) cobra.Completion {
	return cobra.CompletionWithDesc(a.AgreementID, a.about())
}

// What the verbs' arguments and flags name.
var (
	productCodes = names("products", nil, func(p listedProduct) cobra.Completion { return cobra.CompletionWithDesc(p.ProductCode, p.Title) })
	buyerIDs     = names("buyers", nil, func(b listedBuyer) cobra.Completion { return cobra.CompletionWithDesc(b.AccountID, b.Name) })
	offerIDs     = names("offers", nil, func(o listedOffer) cobra.Completion {
		return cobra.CompletionWithDesc(o.OfferID, o.Name+" of "+o.ProductID)
	})
	agreements = names("agreements", nil, nameAgreement)
	running    = names("agreements", url.Values{"status": {"ACTIVE"}}, nameAgreement)
	licenses   = names("agreements", nil, func(a listedAgreement) cobra.Completion { return cobra.CompletionWithDesc(a.LicenseARN, a.about()) })
	faultNames = names("faults", nil, func(d disturbance) cobra.Completion {
		return cobra.CompletionWithDesc(d.ID, d.Kind+" of "+d.Operation)
	})
)

// completeFault completes the operation, and then the kind, of a fault; both are known without a sandbox.
func completeFault(_ *cobra.Command, args []string, _ string) (words []cobra.Completion, _ cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		words = append(slices.Sorted(maps.Keys(contract.Operations)), "*", fault.Notification)
	case 1:
		for _, k := range fault.Kinds() {
			if k.Suits(args[0]) {
				words = append(words, string(k))
			}
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}
