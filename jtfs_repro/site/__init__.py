"""The companion page: a static site made from stored figures, tables, sounds and arrays.

It needs no network and no server: data come in as scripts that assign to a global, so that every
page works from ``file://``. `contents` reads what is shown, `jtfs_repro.captions` the words about
it, `build` writes the pages.
"""
