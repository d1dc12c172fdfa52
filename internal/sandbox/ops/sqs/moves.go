package sqs

import (
	"context"
	"strings"

	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/wire"
)

type startMessageMoveTaskInput struct {
	SourceArn                    string
	DestinationArn               string
	MaxNumberOfMessagesPerSecond *int32
}

type taskHandle struct {
	TaskHandle string
}

func (s *Service) startMessageMoveTask(_ context.Context, _ *wire.Call, in *startMessageMoveTaskInput) (any, error) {
	if err := arn("SourceArn", in.SourceArn, true); err != nil {
		return nil, err
	}
	if err := arn("DestinationArn", in.DestinationArn, false); err != nil {
		return nil, err
	}
	want := queue.Move{Source: in.SourceArn, Destination: in.DestinationArn}
	if n := in.MaxNumberOfMessagesPerSecond; n != nil {
		want.PerSecond = int(*n)
		if err := queue.CheckRate(want.PerSecond); err != nil {
			return nil, err
		}
	}
	m, err := s.Queues.StartMove(want)
	return &taskHandle{m.Handle}, err
}

// arn refuses a parameter that is not the ARN of a queue.
func arn(parameter, value string, required bool) error {
	switch {
	case value == "" && required:
		return refuse(queue.MissingParameter, "The request must contain the parameter "+parameter+".")
	case value != "" && (!strings.HasPrefix(value, "arn:aws:sqs:") || strings.Count(value, ":") != 5):
		return refuse(queue.InvalidParameterValue, "You must use this format to specify the "+parameter+": arn:<partition>:<service>:<region>:<account-id>:<resource-id>")
	}
	return nil
}

type listMessageMoveTasksInput struct {
	SourceArn  string
	MaxResults *int32
}

type listMessageMoveTasksOutput struct {
	Results []moveTask `json:",omitempty" xml:"ListMessageMoveTasksResultEntry"`
}

// moveTask is a task in a list. It has its handle only while it runs.
type moveTask struct {
	TaskHandle                        string `json:",omitempty" xml:",omitempty"`
	Status                            string
	SourceArn                         string
	DestinationArn                    string `json:",omitempty" xml:",omitempty"`
	MaxNumberOfMessagesPerSecond      int    `json:",omitempty" xml:",omitempty"`
	ApproximateNumberOfMessagesMoved  int
	ApproximateNumberOfMessagesToMove int
	FailureReason                     string `json:",omitempty" xml:",omitempty"`
	StartedTimestamp                  int64  // milliseconds
}

// listMessageMoveTasks answers the newest task, or up to MaxResults of them, of which there can be 10.
func (s *Service) listMessageMoveTasks(_ context.Context, _ *wire.Call, in *listMessageMoveTasksInput) (any, error) {
	if err := arn("SourceArn", in.SourceArn, true); err != nil {
		return nil, err
	}
	most := 1
	if in.MaxResults != nil {
		if most = int(*in.MaxResults); most < 1 || most > 10 {
			return nil, refuse(queue.InvalidParameterValue, "Value for parameter MaxResults is invalid. Reason: Must be an integer from 1 to 10.")
		}
	}
	all, err := s.Queues.Moves(in.SourceArn)
	if err != nil {
		return nil, err
	}
	out := &listMessageMoveTasksOutput{}
	for _, m := range all[:min(most, len(all))] {
		task := moveTask{Status: string(m.Status), SourceArn: m.Source, DestinationArn: m.Destination, MaxNumberOfMessagesPerSecond: m.PerSecond,
			ApproximateNumberOfMessagesMoved: m.Moved, ApproximateNumberOfMessagesToMove: m.ToMove, FailureReason: m.Why, StartedTimestamp: m.StartedAt.UnixMilli()}
		if m.Status == queue.MoveRunning {
			task.TaskHandle = m.Handle
		}
		out.Results = append(out.Results, task)
	}
	return out, nil
}

type cancelMessageMoveTaskOutput struct {
	ApproximateNumberOfMessagesMoved int
}

func (s *Service) cancelMessageMoveTask(_ context.Context, _ *wire.Call, in *taskHandle) (any, error) {
	if in.TaskHandle == "" {
		return nil, refuse(queue.MissingParameter, "The request must contain the parameter TaskHandle.")
	}
	m, err := s.Queues.CancelMove(in.TaskHandle)
	return &cancelMessageMoveTaskOutput{m.Moved}, err
}

type addPermissionInput struct {
	onQueue
	Label         string
	AWSAccountIds []string `query:"AWSAccountId"`
	Actions       []string `query:"ActionName"`
}

func (s *Service) addPermission(_ context.Context, c *wire.Call, in *addPermissionInput) (any, error) {
	account, name, err := in.queue(c)
	if err != nil {
		return nil, err
	}
	if in.Label == "" {
		return nil, refuse(queue.MissingParameter, "The request must contain the parameter Label.")
	}
	return nothing, s.Queues.AddPermission(account, name, in.Label, in.AWSAccountIds, in.Actions)
}

type removePermissionInput struct {
	onQueue
	Label string
}

func (s *Service) removePermission(_ context.Context, c *wire.Call, in *removePermissionInput) (any, error) {
	account, name, err := in.queue(c)
	if err != nil {
		return nil, err
	}
	if in.Label == "" {
		return nil, refuse(queue.MissingParameter, "The request must contain the parameter Label.")
	}
	return nothing, s.Queues.RemovePermission(account, name, in.Label)
}
