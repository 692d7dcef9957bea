// Package nats reads subjects of NATS and streams of JetStream.
package nats
