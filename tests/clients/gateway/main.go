// A gateway of the usual kind: JSON over HTTP for a server, by the annotations in the protos.
//
//	gateway TARGET [reversed]
//
// TARGET is the server's address; `reversed` registers the services in the other order. Prints its own address, and
// serves until standard input ends.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	// The details of errors, without which it makes a 500 of each of them.
	_ "google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	gateway "activity-session/tests/clients/gateway/activity_session/v1"
)

type register func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error

func main() {
	connection, err := grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(err)
	services := []register{
		gateway.RegisterEventServiceHandler,
		gateway.RegisterInfoServiceHandler,
		gateway.RegisterMemoryServiceHandler,
		gateway.RegisterNamespaceServiceHandler,
		gateway.RegisterParticipantServiceHandler,
		gateway.RegisterSessionServiceHandler,
	}
	if len(os.Args) > 2 {
		slices.Reverse(services)
	}
	mux := runtime.NewServeMux()
	for _, register := range services {
		check(register(context.Background(), mux, connection))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go func() { check(http.Serve(listener, mux)) }()
	fmt.Println(listener.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	check(err)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
