// Package driver is the contract between a feed and its kinds of source. It connects
// to nothing.
//
// It is public so that drivers of others are possible one day, and it is not stable:
// there is no way yet to add one but the table of schemes in package feed.
package driver
