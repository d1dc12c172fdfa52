// Package peers measures the sandbox beside other emulators of the same API: both run as their own processes, take turns
// in one run, and are driven by the same load generator on the same machine. Only the ratio says something.
package peers
