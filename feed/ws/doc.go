// Package ws reads WebSocket sources, and sends to them.
package ws
