# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# A bare Debian 12 in a folder, installed by debootstrap from the archive that
# this machine's apt is told to use; nothing else of the machine is touched. It
# takes root. tap.sh comes before this.
# shellcheck disable=SC2154 # $work is tap.sh's
suite=bookworm

# The archive of Debian that apt has here, for the release of this machine.
archive() {
	# shellcheck source=/dev/null
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
	    'Created-By: Packages' 2>/dev/null |
	    awk -v release="$(. /etc/os-release; echo "${VERSION_CODENAME:-}")" '
		$2 == release && $3 == "main" && $1 ~ /debian\/?$/ {
			print $1
			exit
		}'
}

# needs_debian SOURCE: skips the test where no Debian can be installed, or where
# SOURCE is no clone; else $mirror is the archive, and $work has room.
needs_debian() {
	local proxy='' tool
	[ "$(id -u)" = 0 ] || skip_all "debootstrap needs root"
	for tool in debootstrap unshare git; do
		command -v $tool >/dev/null ||
			skip_all "this machine has no $tool"
	done
	mirror=$(archive)
	[ -n "$mirror" ] || skip_all "apt here knows no archive of Debian"
	git -C "$1" rev-parse --git-dir >/dev/null 2>&1 ||
		skip_all "this is no clone"
	unshare -m mount -t tmpfs none "$work" 2>/dev/null ||
		skip_all "nothing can be mounted here"
	[ "$(df -Pk "$work" | awk 'NR == 2 { print $4 }')" -ge 4194304 ] ||
		skip_all "$work has less than 4 GiB"
	eval "$(apt-config shell proxy Acquire::http::Proxy)"
	[ -z "$proxy" ] || export http_proxy=$proxy
}

# bootstrap ROOT PACKAGES: installs a Debian with PACKAGES, joined by commas. It
# learns what apt is told here of its way there: proxies, the age of lists.
bootstrap() {
	unshare -m debootstrap --variant=minbase ${2:+--include="$2"} \
	    "$suite" "$1" "$mirror" || return
	cp /etc/resolv.conf "$1/etc/"
	echo "127.0.0.1 localhost $(hostname)" >"$1/etc/hosts"
	apt-config dump | grep -E '^Acquire::(Check-|Retries|https?)' \
	    >"$1/etc/apt/apt.conf.d/00machine"
}

# in_root ROOT USER COMMAND: runs it with a bare environment. What is mounted is
# seen by nobody else, and is gone with it. alone=-n: without a network.
in_root() {
	local root=$1 user=$2 home=/home/$2
	[ "$user" != root ] || home=/root
	# shellcheck disable=SC2016,SC2086 # another shell's variables; no word
	unshare -m ${alone:-} sh -c '
		root=$1
		mount -t proc proc "$root/proc" || exit
		mount -t sysfs none "$root/sys" || exit
		mkdir -p "$root/dev/shm"
		mount -t tmpfs -o size=2g,mode=1777 none "$root/dev/shm" || exit
		mkdir -p "$root/dev/pts"
		mount -t devpts -o newinstance,ptmxmode=666 none "$root/dev/pts"
		for node in null zero full random urandom; do
			[ -c "$root/dev/$node" ] && continue
			touch "$root/dev/$node"
			mount --bind "/dev/$node" "$root/dev/$node" || exit
		done
		shift
		exec "$@"' - "$root" chroot --userspec="$user" "$root" \
	    env -i HOME="$home" USER="$user" LANG=C \
	    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	    sh -ec "cd; $3"
}

# copy_of_source SOURCE ROOT USER FOLDER: what git has, as a fresh clone would.
copy_of_source() {
	mkdir "$2$4" && (cd "$1" && git ls-files -z | tar --null -T - -cf -) |
	    tar -C "$2$4" --no-same-owner -xf - && chroot "$2" chown -R "$3" "$4"
}
