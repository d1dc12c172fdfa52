package archtest

// Rule is one house rule: it returns what breaks it, each with its place.
type Rule struct {
	Name  string
	Check func(*Repo) []string
}

// Rules are all house rules.
var Rules = []Rule{
	{"WhoMayKnowWhom", imports},
	{"OneClock", clocks},
	{"OnePackageComment", docs},
	{"SkipsSayWhy", skips},
	{"ShortFiles", sizes},
	{"NothingLeftBehind", words},
	{"EveryPackageIsOnTheMap", places},
	{"EveryDependencyHasAReason", reasons},
	{"NamedTestsAreThere", named},
}
