package sqs

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"souk.dev/souk/internal/sandbox/queue"
)

// TestGoSDKMovesDeadLetters starts, watches and cancels a task as a seller's program would.
func TestGoSDKMovesDeadLetters(t *testing.T) {
	st := newStage(t)
	c, ctx := st.client(), t.Context()
	dead, err := c.CreateQueue(ctx, &awssqs.CreateQueueInput{QueueName: aws.String("dead")})
	if err != nil {
		t.Fatal(err)
	}
	source, target := queue.ARN(account, "dead"), queue.ARN(account, "q")
	if _, err := c.CreateQueue(ctx, &awssqs.CreateQueueInput{QueueName: aws.String("q"), Attributes: map[string]string{
		"RedrivePolicy": `{"deadLetterTargetArn":"` + source + `","maxReceiveCount":3}`}}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := c.SendMessage(ctx, &awssqs.SendMessageInput{QueueUrl: dead.QueueUrl, MessageBody: aws.String("rest")}); err != nil {
			t.Fatal(err)
		}
	}
	task, err := c.StartMessageMoveTask(ctx, &awssqs.StartMessageMoveTaskInput{SourceArn: &source, DestinationArn: &target, MaxNumberOfMessagesPerSecond: aws.Int32(1)})
	if err != nil {
		t.Fatal(err)
	}
	running := func() types.ListMessageMoveTasksResultEntry {
		t.Helper()
		got, err := c.ListMessageMoveTasks(ctx, &awssqs.ListMessageMoveTasksInput{SourceArn: &source})
		if err != nil || len(got.Results) != 1 {
			t.Fatal(got, err)
		}
		return got.Results[0]
	}
	if r := running(); aws.ToString(r.TaskHandle) != aws.ToString(task.TaskHandle) || aws.ToString(r.Status) != "RUNNING" || r.ApproximateNumberOfMessagesMoved != 1 ||
		aws.ToInt64(r.ApproximateNumberOfMessagesToMove) != 3 || aws.ToInt32(r.MaxNumberOfMessagesPerSecond) != 1 || r.StartedTimestamp != noon.UnixMilli() {
		t.Errorf("the task is shown as %+v", r)
	}
	st.clk.Set(noon.Add(time.Second))
	if _, err := st.Queues.RunDue(); err != nil {
		t.Fatal(err)
	}
	over, err := c.CancelMessageMoveTask(ctx, &awssqs.CancelMessageMoveTaskInput{TaskHandle: task.TaskHandle})
	if err != nil || over.ApproximateNumberOfMessagesMoved != 2 {
		t.Errorf("cancelled after a second: %+v, %v", over, err)
	}
	if r := running(); aws.ToString(r.Status) != "CANCELLED" || r.TaskHandle != nil {
		t.Errorf("afterwards it is shown as %+v", r)
	}
	_, err = c.ListMessageMoveTasks(ctx, &awssqs.ListMessageMoveTasksInput{SourceArn: aws.String(queue.ARN(account, "none"))})
	if _, ok := errors.AsType[*types.ResourceNotFoundException](err); !ok {
		t.Errorf("tasks of no queue: %v", err)
	}
}
