! SPDX-License-Identifier: BSD-2-Clause
!
! memkind-solver.f90 - heat along and across a plate, by red and black sweeps:
! the grid, which each sweep streams through, lies in high bandwidth memory; the
! table of a source's strengths in the largest. Fortran calls memkind through
! iso_c_binding, and needs no more than the module below.
!
!     gfortran -O2 memkind-solver.f90 -o memkind-solver -lmemkind
!     ./memkind-solver [CELLS]  a side of the plate, by default 100
!
! It runs on any machine: what there is no memory of is taken from the rest.

module memkind
  use, intrinsic :: iso_c_binding
  implicit none

  ! Kinds are variables of the library.
  type(c_ptr), bind(c, name='MEMKIND_DEFAULT') :: usual_kind
  type(c_ptr), bind(c, name='MEMKIND_HIGHEST_CAPACITY_PREFERRED') :: &
      large_kind

  interface
    function hbw_malloc(bytes) bind(c) result(block)
      import :: c_ptr, c_size_t
      integer(c_size_t), value :: bytes
      type(c_ptr) :: block
    end function
    subroutine hbw_free(block) bind(c)
      import :: c_ptr
      type(c_ptr), value :: block
    end subroutine
    function hbw_verify_memory_region(block, bytes, flags) bind(c) &
        result(error)
      import :: c_ptr, c_size_t, c_int
      type(c_ptr), value :: block
      integer(c_size_t), value :: bytes
      integer(c_int), value :: flags
      integer(c_int) :: error
    end function
    function memkind_check_available(kind) bind(c) result(error)
      import :: c_ptr, c_int
      type(c_ptr), value :: kind
      integer(c_int) :: error
    end function
    function memkind_malloc(kind, bytes) bind(c) result(block)
      import :: c_ptr, c_size_t
      type(c_ptr), value :: kind
      integer(c_size_t), value :: bytes
      type(c_ptr) :: block
    end function
    subroutine memkind_free(kind, block) bind(c)
      import :: c_ptr
      type(c_ptr), value :: kind, block
    end subroutine
    function memkind_detect_kind(block) bind(c) result(kind)
      import :: c_ptr
      type(c_ptr), value :: block
      type(c_ptr) :: kind
    end function
  end interface
end module memkind

program solver
  use memkind
  implicit none
  integer, parameter :: real_kind = c_double
  real(real_kind), pointer :: grid(:, :), truth(:, :), strength(:, :)
  type(c_ptr) :: grid_block, truth_block, strength_block, table_kind
  integer(c_size_t) :: bytes
  integer :: side, sweep, status
  real(real_kind) :: change, error
  character(len=20) :: argument

  side = 100
  if (command_argument_count() > 0) then
    call get_command_argument(1, argument)
    if (argument == '--help') then
      print '(a)', 'usage: memkind-solver [CELLS]', '', &
          'Solves for the heat along and across a plate of CELLS * CELLS cells', &
          '(100). The grid lies in high bandwidth memory, the strengths of the', &
          'source in the largest; at the end it says where they are.'
      stop
    end if
    read (argument, *, iostat=status) side
    if (status /= 0 .or. side < 3 .or. side > 10000) then
      print '(a)', 'usage: memkind-solver [CELLS from 3]'
      stop 2
    end if
  end if

  ! Where several nodes are the largest none is preferred.
  table_kind = large_kind
  if (memkind_check_available(large_kind) /= 0) table_kind = usual_kind

  ! A block becomes an array by its address and its shape.
  bytes = int(side, c_size_t)**2 * c_sizeof(change)
  grid_block = hbw_malloc(bytes)
  truth_block = hbw_malloc(bytes)
  strength_block = memkind_malloc(table_kind, bytes)
  if (.not. (c_associated(grid_block) .and. c_associated(truth_block) &
      .and. c_associated(strength_block))) error stop 'no memory'
  call c_f_pointer(grid_block, grid, [side, side])
  call c_f_pointer(truth_block, truth, [side, side])
  call c_f_pointer(strength_block, strength, [side, side])

  ! Temperatures that are known give the source's strengths, and those the
  ! temperatures.
  call wave(truth)
  grid = 0
  grid(1, :) = truth(1, :)
  grid(side, :) = truth(side, :)
  grid(:, 1) = truth(:, 1)
  grid(:, side) = truth(:, side)
  strength = 0
  strength(2:side - 1, 2:side - 1) = 4 * truth(2:side - 1, 2:side - 1) &
      - truth(1:side - 2, 2:side - 1) - truth(3:side, 2:side - 1) &
      - truth(2:side - 1, 1:side - 2) - truth(2:side - 1, 3:side)

  do sweep = 1, 100 * side
    change = 0
    call relax(grid, strength, 0, change)
    call relax(grid, strength, 1, change)
    if (change < 1e-12_real_kind) exit
  end do
  error = maxval(abs(grid - truth))

  print '(a, i0, 2a)', 'grid: ', bytes / 1024, ' KiB', &
      trim(merge(', high bandwidth', '                ', &
      hbw_verify_memory_region(grid_block, bytes, 0) == 0))
  print '(a, i0, 2a)', 'strengths: ', bytes / 1024, ' KiB', &
      trim(merge(', largest memory', '                ', &
      c_associated(memkind_detect_kind(strength_block), large_kind)))
  print '(i0, a, es8.1, 2a)', sweep, ' sweeps, largest error', error, &
      ': ', merge('right', 'wrong', error < 1e-8_real_kind)

  call hbw_free(grid_block)
  call hbw_free(truth_block)
  call memkind_free(table_kind, strength_block)
  if (error >= 1e-8_real_kind) stop 1

contains

  subroutine wave(heat)
    real(real_kind), intent(out) :: heat(:, :)
    integer :: i, j

    do j = 1, size(heat, 2)
      do i = 1, size(heat, 1)
        heat(i, j) = sin(0.05_real_kind * i) &
            * cos(0.03_real_kind * j)
      end do
    end do
  end subroutine

  ! Overrelaxes the cells of one colour; CHANGE becomes the largest change.
  subroutine relax(heat, source, colour, change)
    real(real_kind), intent(inout) :: heat(:, :), change
    real(real_kind), intent(in) :: source(:, :)
    integer, intent(in) :: colour
    real(real_kind) :: omega, delta
    integer :: i, j

    omega = 2 / (1 + sin(acos(-1.0_real_kind) / size(heat, 1)))
    do j = 2, size(heat, 2) - 1
      do i = 2 + mod(j + colour, 2), size(heat, 1) - 1, 2
        delta = omega * ((source(i, j) + heat(i - 1, j) &
            + heat(i + 1, j) + heat(i, j - 1) &
            + heat(i, j + 1)) / 4 - heat(i, j))
        heat(i, j) = heat(i, j) + delta
        change = max(change, abs(delta))
      end do
    end do
  end subroutine
end program
