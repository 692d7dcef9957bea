package main

import (
	"context"
	"errors"
	"io"

	"github.com/rs/zerolog"
)

func serve(context.Context, config, zerolog.Logger, io.Writer) error {
	return errors.New("serve: this build relays nothing yet")
}
