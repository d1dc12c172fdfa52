package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func snapshotCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "snapshot",
		GroupID: groupDrive,
		Short:   "Save what a sandbox is, and go back to it",
		Long: `Save what a running sandbox is, and go back to it: its world and all that happened in it, queues, profiles, faults and the
clock. The sandbox must have been started with --data.`,
		Example: "  souk snapshot save year.snapshot\n  souk snapshot restore year.snapshot",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(snapshotSaveCommand(), snapshotRestoreCommand())
	return cmd
}

func snapshotSaveCommand() *cobra.Command {
	cmd := verb(&cobra.Command{
		Use:     "save FILE",
		Short:   "Write a snapshot of the running sandbox to a file",
		Example: "  souk snapshot save year.snapshot\n  souk sandbox --snapshot year.snapshot      # another sandbox goes on from it",
		Args:    cobra.ExactArgs(1),
	}, func(ctx context.Context, m marketplace, out verbOutput, args []string) error {
		text, err := m.read(ctx, "snapshot")
		if err != nil {
			return err
		}
		if err := os.WriteFile(args[0], text, 0o600); err != nil {
			return fmt.Errorf("write the snapshot: %w", err)
		}
		return out.tell(map[string]any{"file": args[0], "bytes": len(text)}, "%s, %d bytes", args[0], len(text))
	})
	cmd.GroupID = ""
	return cmd
}

func snapshotRestoreCommand() *cobra.Command {
	cmd := verb(&cobra.Command{
		Use:     "restore FILE",
		Short:   "Make the running sandbox what it was when the snapshot was saved",
		Example: "  souk snapshot restore year.snapshot",
		Args:    cobra.ExactArgs(1),
	}, func(ctx context.Context, m marketplace, out verbOutput, args []string) error {
		text, err := readSnapshot(args[0])
		if err != nil {
			return err
		}
		var state clockState
		if err := m.send(ctx, "snapshot", text, &state); err != nil {
			return err
		}
		return out.tell(state, "%s", state)
	})
	cmd.GroupID = ""
	return cmd
}
