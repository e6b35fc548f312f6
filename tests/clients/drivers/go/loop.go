package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"

	"google.golang.org/protobuf/proto"

	activitysession "activity-session/clients/go"
	v1 "activity-session/clients/go/activity_session/v1"
)

// loopCommand is what the commands of the everyday loop have.
type loopCommand struct {
	Loop             string          `json:"loop"`
	Parent           string          `json:"parent"`
	ParticipantID    string          `json:"participant_id"`
	SessionID        string          `json:"session_id"`
	Participants     []string        `json:"participants"`
	Type             string          `json:"type"`
	Session          string          `json:"session"`
	Participant      string          `json:"participant"`
	Author           string          `json:"author"`
	Text             string          `json:"text"`
	EventID          string          `json:"event_id"`
	TurnToken        int64           `json:"turn_token"`
	TTL              float64         `json:"ttl"`
	SkipOwn          bool            `json:"skip_own"`
	LeaveAt          int64           `json:"leave_at"`
	Name             string          `json:"name"`
	Key              string          `json:"key"`
	Value            json.RawMessage `json:"value"`
	ExpectedRevision *int64          `json:"expected_revision"`
}

var kinds = map[string]error{
	"NotFound": activitysession.ErrNotFound, "AlreadyExists": activitysession.ErrAlreadyExists,
	"Deleted": activitysession.ErrDeleted, "Purged": activitysession.ErrPurged, "Conflict": activitysession.ErrConflict,
	"PermissionDenied": activitysession.ErrPermissionDenied, "Unavailable": activitysession.ErrUnavailable,
	"TurnHeld": activitysession.ErrTurnHeld, "TurnLost": activitysession.ErrTurnLost,
}

func kindOf(failure *activitysession.Error) string {
	for name, kind := range kinds {
		if errors.Is(failure, kind) {
			return name
		}
	}
	return ""
}

// loop carries out a command of the everyday loop.
func (d *driver) loop(ctx context.Context, told command) error {
	conn := d.channels["connected"]
	switch told.Loop {
	case "turn":
		return d.turn(ctx, told)
	case "follow":
		return d.follow(ctx, told)
	case "ensure_participant":
		kind := v1.ParticipantType(v1.ParticipantType_value[told.Type])
		made, err := activitysession.EnsureParticipant(ctx, conn, told.Parent, told.ParticipantID, kind)
		return d.shown(told, made, err)
	case "ensure_session":
		made, err := activitysession.EnsureSession(ctx, conn, told.Parent, told.SessionID, told.Participants...)
		return d.shown(told, made, err)
	case "append_text":
		event, err := activitysession.AppendText(ctx, conn, told.Session, told.Author, told.Text, told.options()...)
		return d.shown(told, event, err)
	case "append_json":
		event, err := activitysession.AppendJSON(ctx, conn, told.Session, told.Author, told.Value, told.options()...)
		return d.shown(told, event, err)
	}
	return d.state(ctx, told)
}

func (d *driver) shown(told command, made proto.Message, err error) error {
	if err == nil {
		d.write(map[string]any{"id": told.ID, "message": asJSON(made)})
	}
	return err
}

func (told command) options() (options []activitysession.AppendOption) {
	if told.Type != "" {
		options = append(options, activitysession.WithType(told.Type))
	}
	if told.EventID != "" {
		options = append(options, activitysession.WithEventID(told.EventID))
	}
	if told.TurnToken != 0 {
		options = append(options, activitysession.WithTurnToken(told.TurnToken))
	}
	return options
}

func (d *driver) turn(ctx context.Context, told command) (err error) {
	take, waiting := activitysession.TakeTurn, ctx
	if told.Timeout != nil && *told.Timeout == 0 {
		take = activitysession.TryTurn
	} else if told.Timeout != nil {
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeout(ctx, seconds(*told.Timeout))
		defer cancel()
	}
	turn, held, err := take(waiting, d.channels["connected"], told.Session, told.Participant, seconds(told.TTL))
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, turn.Release()) }()
	d.write(map[string]any{"id": told.ID, "token": turn.Token})
	if told.Text != "" {
		event, err := turn.AppendText(held, told.Text)
		if err := d.shown(told, event, err); err != nil {
			return err
		}
	}
	<-held.Done()
	return nil
}

func (d *driver) follow(ctx context.Context, told command) error {
	options := []activitysession.FollowOption{activitysession.OnMark(func(mark *v1.Event) {
		d.write(map[string]any{"id": told.ID, "mark": asJSON(mark)})
	})}
	if told.SkipOwn {
		options = append(options, activitysession.SkipOwn())
	}
	channel := d.channels["connected"]
	for event, err := range activitysession.Follow(ctx, channel, told.Session, told.Participant, options...) {
		if errors.Is(err, context.Canceled) {
			return nil
		}
		if err := d.shown(told, event, err); err != nil {
			return err
		}
		if event.Sequence == told.LeaveAt {
			return nil
		}
	}
	panic("a loop ended without an error")
}

func (d *driver) state(ctx context.Context, told command) error {
	state := activitysession.NewSharedState(d.channels["connected"], told.Name)
	line := map[string]any{"id": told.ID}
	var err error
	switch told.Loop {
	case "get":
		var value any
		line["revision"], err = state.Get(ctx, told.Key, &value)
		line["value"] = value
	case "set":
		var options []activitysession.SetOption
		if told.ExpectedRevision != nil {
			options = append(options, activitysession.WithExpectedRevision(*told.ExpectedRevision))
		}
		line["revision"], err = state.Set(ctx, told.Key, told.Value, options...)
	case "push":
		push := func(items []json.RawMessage) ([]json.RawMessage, error) { return append(items, told.Value), nil }
		line["value"], line["revision"], err = activitysession.Update(ctx, state, told.Key, push)
	}
	if err == nil {
		d.write(line)
	}
	return err
}
