// Package broker is what the drivers of brokers share: the connection below the broker's
// library, its signs of life, what is published over it, and where to go on in a stream.
package broker
