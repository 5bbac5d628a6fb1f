! SPDX-License-Identifier: BSD-2-Clause
!
! Where arrays of Fortran in the kind of its argument lie. test/host/languages
! runs it.
program told
  use, intrinsic :: iso_c_binding
  use, intrinsic :: iso_fortran_env, only: real64, int32
  use poolkind
  implicit none

  interface
    subroutine tell_nodes(what, from, bytes) bind(C)
      import :: c_char, c_ptr, c_size_t
      character(kind=c_char), intent(in) :: what(*)
      type(c_ptr), value :: from
      integer(c_size_t), value :: bytes
    end subroutine
  end interface

  type(pk_kind) :: kind
  real(real64), pointer :: x(:, :)
  integer(int32), pointer :: y(:)
  character(200) :: text

  call get_command_argument(1, text)
  call pk_open(kind, trim(text))
  call pk_allocate(kind, x, [1024, 512])
  call pk_allocate(kind, y, [1048576], lower=[0])
  x = 1
  y = 2
  call tell_nodes("matrix" // c_null_char, c_loc(x(1, 1)), &
      int(size(x) * 8, c_size_t))
  call tell_nodes("integers" // c_null_char, c_loc(y(0)), &
      int(size(y) * 4, c_size_t))
  call pk_free(x)
  call pk_free(y)
  call pk_close(kind)
end program
