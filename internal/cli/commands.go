package cli

import "github.com/spf13/cobra"

// commands lists all of them, in the order of the help.
func commands() []*cobra.Command {
	return []*cobra.Command{
		upCommand(),
		demoCommand(),
		inkwellCommand(),
		sandboxCommand(),
		gatewayCommand(),
		doctorCommand(),
		migrateCommand(),
		moveCommand(),
		backupCommand(),
		restoreCommand(),
		keysCommand(),
		operatorsCommand(),
		secretsCommand(),
		applicationsCommand(),
		auditCommand(),
		noticesCommand(),
		mailCommand(),
		accountsCommand(),
		correctionsCommand(),
		cancellationsCommand(),
		paymentsCommand(),
		resyncCommand(),
		statementCommand(),
		reconcileCommand(),
		clockCommand(),
		buyCommand(),
		cancelCommand(),
		amendCommand(),
		renewCommand(),
		replaceCommand(),
		refundCommand(),
		recordsCommand(),
		faultCommand(),
		eventsCommand(),
		worldCommand(),
		snapshotCommand(),
		versionCommand(),
	}
}
