# The laws of the house, and what people run. The checks are scripts, so they are found in the source tree of any build.
house_checks = \
	contrib/check-rooms \
	contrib/test-check-rooms \
	contrib/check-cppcheck \
	contrib/check-format \
	contrib/check-docs \
	$(NULL)
TESTS += $(house_checks)
EXTRA_DIST += \
	$(house_checks) \
	.ci/run \
	.clang-format \
	LICENSE \
	README.md \
	autogen.sh \
	contrib/allowmap.service \
	contrib/check-rooms.awk \
	contrib/completion.bash \
	contrib/packages.sh \
	contrib/quickstart.sh \
	contrib/test.sh \
	$(NULL)

dist_man_MANS = doc/allowmap.1
bashcompletiondir = $(datadir)/bash-completion/completions
install-data-hook: install-completion
install-completion:
	$(MKDIR_P) "$(DESTDIR)$(bashcompletiondir)"
	$(INSTALL_DATA) $(srcdir)/contrib/completion.bash "$(DESTDIR)$(bashcompletiondir)/allowmap"
uninstall-hook:
	rm -f "$(DESTDIR)$(bashcompletiondir)/allowmap"
.PHONY: install-completion
