package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// daysValue is a setting that lists numbers of days, the highest first once it is set; "none" lists none.
type daysValue []time.Duration

const (
	oneDay  = 24 * time.Hour
	maxDays = 366
)

func (v *daysValue) Type() string { return "days" }
func (v *daysValue) String() string {
	if *v != nil && len(*v) == 0 {
		return "none"
	}
	var days []string
	for _, d := range *v {
		days = append(days, strconv.Itoa(int(d/oneDay)))
	}
	return strings.Join(days, ",")
}

func (v *daysValue) Set(s string) error {
	list := daysValue{}
	if s != "none" {
		for _, part := range splitList(s) {
			n, err := strconv.Atoi(part)
			if err != nil || n < 1 || n > maxDays {
				return fmt.Errorf("%q is no number of days from 1 to %d; write them like 30,7, or none", part, maxDays)
			}
			list = append(list, time.Duration(n)*oneDay)
		}
		if len(list) == 0 {
			return errors.New("no days are named; write them like 30,7, or none")
		}
	}
	slices.SortFunc(list, func(a, b time.Duration) int { return cmp.Compare(b, a) })
	*v = slices.Compact(list)
	return nil
}
