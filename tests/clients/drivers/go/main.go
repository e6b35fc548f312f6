// The driver of the Go client; ../README.md has the protocol.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"reflect"
	"strings"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	activitysession "activity-session/clients/go"
	v1 "activity-session/clients/go/activity_session/v1"
)

var clients = map[string]any{
	"EventService":       v1.NewEventServiceClient,
	"InfoService":        v1.NewInfoServiceClient,
	"MemoryService":      v1.NewMemoryServiceClient,
	"NamespaceService":   v1.NewNamespaceServiceClient,
	"ParticipantService": v1.NewParticipantServiceClient,
	"SessionService":     v1.NewSessionServiceClient,
}

type command struct {
	ID            int             `json:"id"`
	Cancel        int             `json:"cancel"`
	Method        string          `json:"method"`
	Request       json.RawMessage `json:"request"`
	Channel       string          `json:"channel"`
	Timeout       *float64        `json:"timeout"`
	Watch         string          `json:"watch"`
	AfterSequence int64           `json:"after_sequence"`
	View          string          `json:"view"`
	UID           string          `json:"uid"`
	Superseded    bool            `json:"show_superseded"`
	Disconnects   int             `json:"disconnects"`
	loopCommand
}

type driver struct {
	channels map[string]*grpc.ClientConn
	lines    *json.Encoder
	writing  sync.Mutex
}

func main() {
	token := flag.String("token", "", "sent with every call")
	ca := flag.String("ca", "", "file with the authority to trust; turns TLS on")
	certificate := flag.String("certificate", "", "file with a certificate of its own")
	key := flag.String("key", "", "file with the key of that certificate")
	check(flag.CommandLine.Parse(os.Args[2:]))
	var own []tls.Certificate
	if *certificate != "" {
		own = append(own, must(tls.LoadX509KeyPair(*certificate, *key)))
	}
	d := driver{channels: channels(os.Args[1], *token, *ca, own), lines: json.NewEncoder(os.Stdout)}
	d.write(map[string]any{"ready": true})
	d.run(json.NewDecoder(os.Stdin))
	for _, channel := range d.channels {
		check(channel.Close())
	}
}

func channels(target, token, ca string, own []tls.Certificate) map[string]*grpc.ClientConn {
	var options []grpc.DialOption
	if token != "" {
		options = append(options, activitysession.WithToken(token))
	}
	if ca != "" {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(must(os.ReadFile(ca)))
		options = append(options, activitysession.WithTLS(&tls.Config{RootCAs: roots, Certificates: own}))
	}
	plain := grpc.WithTransportCredentials(insecure.NewCredentials())
	return map[string]*grpc.ClientConn{
		"connected": must(activitysession.Connect(target, options...)),
		"bare":      must(grpc.NewClient(target, plain)),
	}
}

// run carries out commands until they end; then it cancels those that still run, and waits for them.
func (d *driver) run(commands *json.Decoder) {
	var running sync.WaitGroup
	defer running.Wait()
	all, cancelAll := context.WithCancel(context.Background())
	defer cancelAll()
	cancels := map[int]context.CancelFunc{}
	for {
		told := command{Channel: "connected"}
		err := commands.Decode(&told)
		if errors.Is(err, io.EOF) {
			return
		}
		check(err)
		if told.Cancel != 0 {
			cancels[told.Cancel]()
			continue
		}
		ctx, cancel := context.WithCancel(all)
		cancels[told.ID] = cancel
		running.Add(1)
		go func() {
			defer running.Done()
			d.write(d.do(ctx, told))
		}()
	}
}

// do carries out a command, and returns the last line to write for it.
func (d *driver) do(ctx context.Context, told command) map[string]any {
	if told.Loop != "" {
		return status(told.ID, d.loop(ctx, told))
	}
	if told.Watch != "" {
		return status(told.ID, d.watch(ctx, told))
	}
	service, name, _ := strings.Cut(told.Method, "/")
	channel := reflect.ValueOf(d.channels[told.Channel])
	method := reflect.ValueOf(clients[service]).Call([]reflect.Value{channel})[0].MethodByName(name)
	request := reflect.New(method.Type().In(1).Elem())
	if err := protojson.Unmarshal(told.Request, request.Interface().(proto.Message)); err != nil {
		return map[string]any{"id": told.ID, "status": "INVALID_JSON", "error": err.Error()}
	}
	if told.Timeout != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, seconds(*told.Timeout))
		defer cancel()
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(ctx), request})
	err, _ := results[1].Interface().(error)
	if err == nil {
		err = d.answer(told.ID, results[0].Interface())
	}
	return status(told.ID, err)
}

func (d *driver) watch(ctx context.Context, told command) error {
	uid := told.UID
	options := []activitysession.WatchOption{activitysession.WithUID(&uid)}
	if told.View != "" {
		options = append(options, activitysession.WithView(v1.SessionView(v1.SessionView_value[told.View])))
	}
	if told.Superseded {
		options = append(options, activitysession.WithSuperseded())
	}
	if told.Disconnects != 0 {
		options = append(options, activitysession.WithOnDisconnect(d.telling(told)))
	}
	channel := d.channels["connected"]
	for message, err := range activitysession.Watch(ctx, channel, told.Watch, told.AfterSequence, options...) {
		if errors.Is(err, context.Canceled) {
			return nil
		}
		if err != nil {
			return err
		}
		d.write(map[string]any{"id": told.ID, "message": asJSON(message), "uid": uid})
	}
	panic("a watch ended without an error")
}

// telling returns what a watch calls at each disconnect.
func (d *driver) telling(told command) func(*activitysession.Error) error {
	count := 0
	return func(failure *activitysession.Error) error {
		d.write(map[string]any{"id": told.ID, "disconnect": described(failure)})
		if count++; count == told.Disconnects {
			return failure
		}
		return nil
	}
}

// answer writes what a method has returned: a message, or a stream of them.
func (d *driver) answer(id int, returned any) error {
	if message, unary := returned.(proto.Message); unary {
		d.write(map[string]any{"id": id, "message": asJSON(message)})
		return nil
	}
	stream := returned.(v1.SessionService_WatchSessionClient)
	for {
		message, err := stream.Recv()
		if err != nil {
			return err
		}
		d.write(map[string]any{"id": id, "message": asJSON(message)})
	}
}

func asJSON(message proto.Message) json.RawMessage {
	return must(protojson.MarshalOptions{UseProtoNames: true}.Marshal(message))
}

func (d *driver) write(line map[string]any) {
	d.writing.Lock()
	defer d.writing.Unlock()
	check(d.lines.Encode(line))
}

func status(id int, err error) map[string]any {
	if err == nil || errors.Is(err, io.EOF) {
		return map[string]any{"id": id, "status": "OK"}
	}
	failure, ok := activitysession.FromError(err)
	if !ok {
		panic(err)
	}
	line := described(failure)
	line["id"] = id
	return line
}

func described(failure *activitysession.Error) map[string]any {
	fields := []string{}
	for _, violation := range failure.FieldViolations {
		fields = append(fields, violation.Field)
	}
	metadata := failure.Metadata
	if metadata == nil {
		metadata = map[string]string{}
	}
	reason := strings.TrimPrefix(failure.Reason.String(), "ERROR_REASON_")
	return map[string]any{
		"status": code.Code_name[int32(failure.Code)], "error": failure.Message,
		"reason": strings.TrimPrefix(reason, "UNSPECIFIED"), "kind": kindOf(failure), "metadata": metadata, "fields": fields,
		"whole": map[string]any{"code": failure.Status.Code(), "message": failure.Status.Message()},
	}
}

func seconds(count float64) time.Duration { return time.Duration(count * float64(time.Second)) }

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
