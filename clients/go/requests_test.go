package activitysession_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "activity-session/clients/go/activity_session/v1"
)

var uuid4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func appendEvents(t *testing.T, conn *grpc.ClientConn, request *v1.AppendEventsRequest) error {
	_, err := v1.NewEventServiceClient(conn).AppendEvents(within(t, patience), request)
	return err
}

func text(content string) *v1.Event { return &v1.Event{Content: &v1.Event_Text{Text: content}} }

func cancelled(*v1.AppendEventsRequest) error { return status.Error(codes.Canceled, "draining") }

func TestEachCallHasAnIDAndTheMessageOfTheCallerHasNone(t *testing.T) {
	s := &server{}
	conn := s.connect(t)
	request := &v1.AppendEventsRequest{Events: []*v1.Event{text("Hello")}}
	for _, each := range []*v1.AppendEventsRequest{request, request, nil} {
		if err := appendEvents(t, conn, each); err != nil {
			t.Fatal(err)
		}
	}
	ids := s.requestIDs()
	if !uuid4.MatchString(ids[0]) || !uuid4.MatchString(ids[1]) || !uuid4.MatchString(ids[2]) || ids[0] == ids[1] {
		t.Error("not a UUID for each call:", ids)
	}
	if request.RequestId != "" || s.requests[1].Events[0].GetText() != "Hello" {
		t.Error("the message of the caller was changed, or sent without its events:", request, s.requests[1])
	}
}

func TestAnIDOfTheCallerIsKept(t *testing.T) {
	s := &server{}
	if err := appendEvents(t, s.connect(t), &v1.AppendEventsRequest{RequestId: "mine"}); err != nil {
		t.Fatal(err)
	}
	if ids := s.requestIDs(); ids[0] != "mine" {
		t.Error("sent as", ids)
	}
}

func TestACallThatADrainingServerCancelledIsSentAgainUnderItsID(t *testing.T) {
	s := &server{append: cancelled}
	err := appendEvents(t, s.connect(t), &v1.AppendEventsRequest{})
	if ids := s.requestIDs(); status.Code(err) != codes.Canceled || len(ids) != 5 || ids[0] != ids[4] {
		t.Error(err, ids)
	}
}

func TestTheDeadlineOfTheCallerSpansAllAttempts(t *testing.T) {
	s := &server{append: cancelled}
	client := v1.NewEventServiceClient(s.connect(t))
	_, err := client.AppendEvents(within(t, 400*time.Millisecond), &v1.AppendEventsRequest{})
	if n := len(s.requests); status.Code(err) != codes.DeadlineExceeded || n < 2 || n == 5 {
		t.Error(err, "after attempts:", n)
	}
}

func TestACallThatTheCallerEndsIsNotSentAgain(t *testing.T) {
	ctx, cancel := context.WithCancel(within(t, patience))
	s := &server{append: func(*v1.AppendEventsRequest) error { cancel(); return cancelled(nil) }}
	attempts := 0
	conn := s.connect(t, grpc.WithChainUnaryInterceptor(func(
		ctx context.Context, method string, request, reply any, conn *grpc.ClientConn,
		invoke grpc.UnaryInvoker, options ...grpc.CallOption,
	) error {
		attempts++
		return invoke(ctx, method, request, reply, conn, options...)
	}))
	_, err := v1.NewEventServiceClient(conn).AppendEvents(ctx, &v1.AppendEventsRequest{})
	if status.Code(err) != codes.Canceled || attempts != 1 {
		t.Error(err, "after attempts:", attempts)
	}
}

func TestAClosedConnectionEndsItsCalls(t *testing.T) {
	s := &server{}
	conn := s.connect(t)
	s.append = func(*v1.AppendEventsRequest) error { conn.Close(); return cancelled(nil) }
	began := time.Now()
	err := appendEvents(t, conn, &v1.AppendEventsRequest{})
	if status.Code(err) != codes.Canceled || time.Since(began) > time.Second {
		t.Error(err, "after", time.Since(began))
	}
}

func TestALargeAppendIsSentAgain(t *testing.T) {
	s := &server{}
	s.append = func(*v1.AppendEventsRequest) error {
		if len(s.requests) == 1 {
			return status.Error(codes.Unavailable, "once")
		}
		return nil
	}
	mebibyte := text(strings.Repeat("x", 1<<20))
	err := appendEvents(t, s.connect(t), &v1.AppendEventsRequest{Events: []*v1.Event{mebibyte, mebibyte, mebibyte}})
	if ids := s.requestIDs(); err != nil || len(ids) != 2 || ids[0] != ids[1] {
		t.Error(err, ids)
	}
}
