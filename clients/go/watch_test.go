package activitysession_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"runtime"
	"slices"
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

func unavailable(grpc.ServerStreamingServer[v1.WatchSessionResponse]) error {
	return status.Error(codes.Unavailable, "away")
}

func TestAWatchEndsWithWhatItsCallerReturnsOnADisconnect(t *testing.T) {
	enough := errors.New("enough")
	var told []string
	onDisconnect := activitysession.WithOnDisconnect(func(failure *activitysession.Error) error {
		if told = append(told, failure.Message); len(told) == 2 {
			return enough
		}
		return nil
	})
	s := &server{watch: unavailable}
	for _, err := range activitysession.Watch(within(t, patience), s.connect(t), "", 0, onDisconnect) {
		if err != enough {
			t.Fatal(err)
		}
	}
	if !slices.Equal(told, []string{"away", "away"}) || len(s.watches) != 2 {
		t.Error(told, len(s.watches))
	}
}

func TestAWatchLogsItsFirstDisconnect(t *testing.T) {
	var lines bytes.Buffer
	ctx, cancel := context.WithCancel(within(t, patience))
	count := 0
	options := []activitysession.WatchOption{
		activitysession.WithLogger(slog.New(slog.NewJSONHandler(&lines, nil))),
		activitysession.WithOnDisconnect(func(*activitysession.Error) error {
			if count++; count == 3 {
				cancel()
			}
			return nil
		}),
	}
	s := &server{watch: unavailable}
	conn := s.connect(t)
	for _, err := range activitysession.Watch(ctx, conn, "trip", 0, options...) {
		if err != context.Canceled {
			t.Fatal(err)
		}
	}
	var logged map[string]any
	if err := json.Unmarshal(lines.Bytes(), &logged); err != nil {
		t.Fatal(err, lines.String())
	}
	for key, value := range map[string]any{
		"level": "WARN", "session": "trip", "target": conn.Target(), "code": "Unavailable", "message": "away", "attempt": 1.0,
	} {
		if logged[key] != value {
			t.Error(key, logged[key], value)
		}
	}
	if pause, _ := logged["next_in"].(float64); pause < 80e6 || pause > 120e6 {
		t.Error(logged["next_in"])
	}
}
