package cli

import "github.com/spf13/cobra"

// bodyFlags is the body of a call, whose members are given as flags of the same names.
type bodyFlags map[string]any

// text makes a flag whose value goes into the call under its name.
func (f bodyFlags) text(cmd *cobra.Command, name, help string) { f.named(cmd, name, name, help) }

// named makes a flag whose value goes into the call as member.
func (f bodyFlags) named(cmd *cobra.Command, name, member, help string) {
	cmd.Flags().Func(name, help, func(value string) error { f[member] = value; return nil })
}

// list makes a flag that may be given several times.
func (f bodyFlags) list(cmd *cobra.Command, name, help string) {
	cmd.Flags().Func(name, help, func(value string) error {
		before, _ := f[name].([]string)
		f[name] = append(before, value)
		return nil
	})
}
