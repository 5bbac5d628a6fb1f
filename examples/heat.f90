! SPDX-License-Identifier: BSD-2-Clause
!
! Heat that spreads over a plate: the two grids that every step reads and writes
! lie in a kind, what was seen of it in an array of ALLOCATE.
!
!     gfortran heat.f90 -o heat $(pkg-config --cflags --libs libpoolkind-fortran)
!     ./heat [KIND [SIZE [STEPS]]]
program heat
  use, intrinsic :: iso_c_binding, only: c_loc
  use, intrinsic :: iso_fortran_env, only: error_unit, int64, real64
  use poolkind
  implicit none
  type(pk_kind) :: kind
  type(pk_stats) :: stats
  real(real64), pointer :: old(:, :), new(:, :), swap(:, :)
  real(real64), allocatable :: seen(:)
  character(200) :: text, sentence
  integer :: n, steps, step, error

  text = argument(1, "bandwidth|dram")
  if (text == "--help") then
    print "(a)", "usage: heat [KIND [SIZE [STEPS]]]", "", &
      "Lets heat spread over a plate of SIZE by SIZE points (512) for STEPS " &
      // "steps", "(20), with the grids in KIND (bandwidth|dram), and says " &
      // "where they lie and what", "that kind holds."
    stop
  end if
  n = number(argument(2, "512"))
  steps = number(argument(3, "20"))
  call pk_open(kind, text, error, sentence)
  if (error /= 0) call give_up(sentence)
  call pk_allocate(kind, old, [n, n], [0, 0], error, sentence)
  if (error == 0) call pk_allocate(kind, new, [n, n], [0, 0], error, sentence)
  if (error /= 0) call give_up(sentence)
  allocate (seen(steps))

  old = 0
  old(:, 0) = 100
  new = old
  do step = 1, steps
    new(1:n - 2, 1:n - 2) = (old(0:n - 3, 1:n - 2) + old(2:, 1:n - 2) &
      + old(1:n - 2, 0:n - 3) + old(1:n - 2, 2:)) / 4
    swap => old
    old => new
    new => swap
    seen(step) = sum(old) / size(old)
  end do

  call pk_get_stats(kind, stats)
  print "(3a, i0, a, f8.4)", "", pk_resolved(kind), ": after ", steps, &
    " steps the mean is ", seen(steps)
  print "(a, l1)", "grids in the kind: ", &
    pk_of(c_loc(old)) == kind .and. pk_of(c_loc(new)) == kind
  print "(a, i0, a)", "live ", stats%live / 1024, " KiB"
  call pk_free(old)
  call pk_free(new)
  call pk_close(kind)

contains

  function argument(position, otherwise)
    integer, intent(in) :: position
    character(*), intent(in) :: otherwise
    character(200) :: argument

    argument = otherwise
    if (command_argument_count() >= position) &
      call get_command_argument(position, argument)
  end function

  function number(text)
    character(*), intent(in) :: text
    integer :: number

    read (text, *, iostat=error) number
    if (error /= 0 .or. number < 3) &
      call give_up(trim(text) // " is not a number from 3 on")
  end function

  subroutine give_up(sentence)
    character(*), intent(in) :: sentence

    write (error_unit, "(2a)") "heat: ", trim(sentence)
    stop 1, quiet=.true.
  end subroutine

end program heat
