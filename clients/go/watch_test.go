package activitysession_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	activitysession "activity-session/clients/go"
	v1 "activity-session/clients/go/activity_session/v1"
)

// lastError returns the error that a watch ends with.
func lastError(ctx context.Context, conn *grpc.ClientConn, onMessage func()) error {
	for _, err := range activitysession.Watch(ctx, conn, "", 0) {
		if err != nil {
			return err
		}
		onMessage()
	}
	return nil
}

func TestAWatchThatIsLeftLeavesNothingBehind(t *testing.T) {
	s := &server{watch: sendBookmark}
	conn := s.connect(t)
	if err := appendEvents(t, conn, &v1.AppendEventsRequest{}); err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	for range 20 {
		for _, err := range activitysession.Watch(context.Background(), conn, "", 0) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	for deadline := time.Now().Add(patience); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("goroutines before and after:", before, runtime.NumGoroutine())
		}
	}
}

func TestAWatchEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(within(t, patience))
	s := &server{watch: sendBookmark}
	if err := lastError(ctx, s.connect(t), cancel); err != context.Canceled {
		t.Error(err)
	}
}

func TestAWatchEndsWithItsContextWhileItBacksOff(t *testing.T) {
	s := &server{watch: func(grpc.ServerStreamingServer[v1.WatchSessionResponse]) error {
		return status.Error(codes.Unavailable, "")
	}}
	if err := lastError(within(t, 200*time.Millisecond), s.connect(t), func() {}); err != context.DeadlineExceeded {
		t.Error(err)
	}
}

func TestAWatchEndsWithItsConnection(t *testing.T) {
	s := &server{watch: sendBookmark}
	conn := s.connect(t)
	err := lastError(within(t, patience), conn, func() { conn.Close() })
	var e *activitysession.Error
	if !errors.As(err, &e) || e.Code != codes.Canceled {
		t.Error(err)
	}
}

func TestAWatchGoesOnAfterACutOffStream(t *testing.T) {
	ends := []error{
		nil, status.Error(codes.Canceled, ""), status.Error(codes.Internal, ""), status.Error(codes.Unknown, ""),
		mismatch().Err(),
	}
	streams := 0
	s := &server{watch: func(grpc.ServerStreamingServer[v1.WatchSessionResponse]) error {
		streams++
		return ends[streams-1]
	}}
	verify(t, lastError(within(t, patience), s.connect(t), func() {}))
	if streams != len(ends) {
		t.Error("streams:", streams)
	}
}

func TestTheVariableOfAWatchIsToldTheUIDThatALaterOneSends(t *testing.T) {
	s := &server{watch: func(stream grpc.ServerStreamingServer[v1.WatchSessionResponse]) error {
		return stream.Send(&v1.WatchSessionResponse{Uid: "told"})
	}}
	conn := s.connect(t)
	var uid string
	for range 2 {
		for _, err := range activitysession.Watch(within(t, patience), conn, "", 0, activitysession.WithUID(&uid)) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	if sent := []string{s.watches[0].Uid, s.watches[1].Uid}; uid != "told" || sent[0] != "" || sent[1] != "told" {
		t.Errorf("the variable has %q; sent were %q", uid, sent)
	}
}
