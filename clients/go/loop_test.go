package activitysession_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	activitysession "activity-session/clients/go"
	v1 "activity-session/clients/go/activity_session/v1"
)

func TestTheContextOfATurnTellsWhyItWasLost(t *testing.T) {
	s := &server{renew: func() error { return status.Error(codes.NotFound, "gone") }}
	turn, ctx, err := activitysession.TakeTurn(within(t, patience), s.connect(t), "s", "p", 300*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	if !errors.Is(context.Cause(ctx), activitysession.ErrNotFound) || !errors.Is(turn.Release(), activitysession.ErrNotFound) {
		t.Error(context.Cause(ctx), turn.Release())
	}
	if s.released.Load() != 0 {
		t.Error("what is lost was handed back")
	}
}

func TestATurnIsLostBeforeItsEndWhereNobodyRenewsIt(t *testing.T) {
	s := &server{renew: func() error { return status.Error(codes.Unavailable, "away") }}
	turn, ctx, err := activitysession.TakeTurn(within(t, patience), s.connect(t), "s", "p", 300*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	var lost *activitysession.Error
	if !errors.As(context.Cause(ctx), &lost) || lost.Reason != v1.ErrorReason_ERROR_REASON_TURN_LOST {
		t.Error(context.Cause(ctx))
	}
	if !errors.Is(turn.Release(), activitysession.ErrTurnLost) {
		t.Error("the release tells nothing of it")
	}
}

func TestATurnIsHandedBackAfterTheEndOfItsContext(t *testing.T) {
	s := &server{}
	ctx, cancel := context.WithCancel(within(t, patience))
	turn, held, err := activitysession.TakeTurn(ctx, s.connect(t), "s", "p", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := turn.Release(); err != nil || s.released.Load() != 1 || context.Cause(held) != context.Canceled {
		t.Error(err, s.released.Load(), context.Cause(held))
	}
	if err := turn.Release(); err != nil {
		t.Error(err)
	}
}

func TestAnErrorIsOfOneKind(t *testing.T) {
	_, err := v1.NewSessionServiceClient((&server{}).connect(t)).GetSession(within(t, patience), &v1.GetSessionRequest{})
	var failure *activitysession.Error
	if !errors.As(err, &failure) || errors.Is(err, activitysession.ErrNotFound) || errors.Is(failure, nil) {
		t.Error(err)
	}
}
