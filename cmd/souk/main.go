// Command souk is the AWS Marketplace SaaS purchase flow, both sides of the counter: see `souk help`.
package main

import (
	"os"

	"souk.dev/souk/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr)) }
