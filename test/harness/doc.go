// Package harness starts the real souk for the outer tests and speaks to its public faces.
//
// It owns: building the program once per test binary ([Main]), starting and ending its processes on free ports
// ([Start], [StartSandbox], [StartGateway], [StartUp]), a small client of the sandbox's control API, and the wait for
// something that is on its way ([Eventually]). It does not own any expectation: those stand in the tests. A process
// that panics, or that the race detector speaks up in, fails the test it ran in.
package harness
