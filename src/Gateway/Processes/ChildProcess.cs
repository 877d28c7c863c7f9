using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace Gateway.Processes;

/// <summary>Runs a command to its end, or to its deadline, without a shell and in a process group of its own, which is
/// killed as a whole.</summary>
/// <remarks>
/// The library's <see cref="System.Diagnostics.Process"/> can neither make a group nor kill what a command left behind. The
/// leader of the group is waited for twice: first so that its number stays taken while the group is killed, then for good.
/// The kernel tells by SIGCHLD that some child has ended. Standard input and error are <c>/dev/null</c>. Linux only; elsewhere
/// nothing is started.
/// </remarks>
internal static class ChildProcess
{
    // How often the output of a command that runs is looked at: a full pipe makes it wait, and most print next to nothing.
    private static readonly TimeSpan _shortestWait = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan _longestWait = TimeSpan.FromMilliseconds(500);

    // What a command finds of Gateway's own environment: it may hold passwords of the configuration.
    private static readonly string[] _inherited = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"];

    /// <summary>Runs <paramref name="words"/>: a program, searched in PATH if it has no slash, and its arguments.</summary>
    /// <param name="words">At least one.</param>
    /// <param name="environment">Variables beside the few that every command gets.</param>
    /// <param name="mostOutput">How much of its output is kept, in bytes; the rest is read and dropped.</param>
    /// <param name="deadline">Kills the group when it fires.</param>
    public static async Task<ChildExit> RunAsync(
        IReadOnlyList<string> words, IReadOnlyDictionary<string, string> environment, int mostOutput, CancellationToken deadline)
    {
        if (!OperatingSystem.IsLinux())
        {
            return new ChildExit(null, [], "commands run on Linux only", IsStarted: false);
        }

        var (pid, output, error) = Start(words, environment);
        if (error != 0)
        {
            return new ChildExit(null, [], $"cannot be started: {new Win32Exception(error).Message}", IsStarted: false);
        }

        using (output)
        {
            var kept = new MemoryStream();
            var isLate = false;
            var wait = _shortestWait;
            // Asked for before the look, so that an end between the two is not missed.
            for (var end = ChildExits.Next; !HasEnded(pid, leave: true, out _); end = ChildExits.Next)
            {
                wait = output!.Drain(kept, mostOutput) ? _shortestWait : wait < _longestWait ? wait * 2 : wait;
                isLate = deadline.IsCancellationRequested;
                if (isLate)
                {
                    break;
                }

                await end.WaitAsync(wait, TimeProvider.System, deadline).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            output!.Drain(kept, mostOutput);
            _ = Posix.Signal(-pid, Posix.Kill);
            int? code;
            while (!HasEnded(pid, leave: false, out code))
            {
                // Killed, so this takes as long as the kernel needs.
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, CancellationToken.None);
            }

            return isLate ? new ChildExit(null, kept.ToArray(), "killed at the deadline")
                : code is null ? new ChildExit(null, kept.ToArray(), "ended by a signal")
                : new ChildExit(code, kept.ToArray());
        }
    }

    // Whether the process has ended; with the code if it exited by itself. Leaving it keeps its number taken.
    private static unsafe bool HasEnded(int pid, bool leave, out int? code)
    {
        // siginfo_t: 128 bytes, with si_code at 8, si_pid at 16 and si_status at 24.
        var information = stackalloc int[32];
        new Span<int>(information, 32).Clear();
        var options = Posix.WaitExited | Posix.WaitNoHang | (leave ? Posix.WaitLeave : 0);
        if (Posix.Wait(Posix.WaitForPid, pid, information, options) != 0)
        {
            // Nobody else waits for it, so it is gone only if the host reaps all children; its code is lost then.
            code = null;
            return true;
        }

        code = information[2] == Posix.CodeExited ? information[6] : null;
        return information[4] != 0;
    }

    private static unsafe (int Pid, PipeReader? Output, int Error) Start(
        IReadOnlyList<string> words, IReadOnlyDictionary<string, string> environment)
    {
        var ends = stackalloc int[2];
        if (Posix.Pipe(ends, Posix.CloseOnExec) != 0)
        {
            return (0, null, Marshal.GetLastPInvokeError());
        }

        var output = new PipeReader(ends[0]);
        // The command gets the other end, which must wait when the pipe is full: most programs take EAGAIN for an error.
        if (Posix.Control(ends[0], Posix.SetStatusFlags, Posix.NonBlocking) != 0)
        {
            var failure = Marshal.GetLastPInvokeError();
            output.Dispose();
            _ = Posix.Close(ends[1]);
            return (0, null, failure);
        }

        try
        {
            var pid = 0;
            var error = Spawn(words, environment, ends[1], &pid);
            if (error != 0)
            {
                output.Dispose();
            }

            return (pid, output, error);
        }
        finally
        {
            _ = Posix.Close(ends[1]);
        }
    }

    private static unsafe int Spawn(
        IReadOnlyList<string> words, IReadOnlyDictionary<string, string> environment, int output, int* pid)
    {
        var actions = stackalloc byte[Posix.OpaqueBytes];
        var attributes = stackalloc byte[Posix.OpaqueBytes];
        using var argv = new StringVector(words);
        using var envp = new StringVector(
            [.. _inherited.Select(name => (name, value: Environment.GetEnvironmentVariable(name)))
                .Where(pair => pair.value is not null).Select(pair => $"{pair.name}={pair.value}"),
            .. environment.Select(pair => $"{pair.Key}={pair.Value}")]);
        _ = Posix.InitActions(actions);
        _ = Posix.InitAttributes(attributes);
        try
        {
            _ = Posix.AddOpen(actions, 0, "/dev/null", Posix.ReadOnly, 0);
            _ = Posix.AddDuplicate(actions, output, 1);
            _ = Posix.AddOpen(actions, 2, "/dev/null", Posix.WriteOnly, 0);
            // .NET ignores SIGPIPE and may block signals; a command must find neither. sigset_t has at most 1024 bits.
            var none = stackalloc ulong[16];
            new Span<ulong>(none, 16).Clear();
            var broken = stackalloc ulong[16];
            new Span<ulong>(broken, 16).Clear();
            broken[0] = 1UL << (Posix.BrokenPipe - 1);
            _ = Posix.SetMask(attributes, none);
            _ = Posix.SetDefaultSignals(attributes, broken);
            _ = Posix.SetGroup(attributes, 0);
            _ = Posix.SetFlags(attributes, Posix.SetProcessGroup | Posix.SetSignalDefault | Posix.SetSignalMask);
            return Posix.Spawn(pid, words[0], actions, attributes, argv.Pointer, envp.Pointer);
        }
        finally
        {
            _ = Posix.DestroyActions(actions);
            _ = Posix.DestroyAttributes(attributes);
        }
    }

    /// <summary>The reading end of a pipe.</summary>
    private sealed class PipeReader(int descriptor) : IDisposable
    {
        // A command that never stops writing must not keep us from looking at the clock.
        private const int MostPieces = 256;

        /// <summary>Reads what is there, at most a megabyte, and keeps its beginning; false when there was nothing.</summary>
        public unsafe bool Drain(MemoryStream kept, int most)
        {
            var piece = stackalloc byte[4096];
            var pieces = 0;
            for (; pieces < MostPieces && Posix.Read(descriptor, piece, 4096) is > 0 and var length; pieces++)
            {
                kept.Write(new ReadOnlySpan<byte>(piece, (int)Math.Min(length, most - kept.Length)));
            }

            return pieces > 0;
        }

        public void Dispose() => _ = Posix.Close(descriptor);
    }

    /// <summary>A null-terminated array of null-terminated UTF-8 strings.</summary>
    private sealed unsafe class StringVector : IDisposable
    {
        private readonly int _count;

        public StringVector(IReadOnlyList<string> strings)
        {
            _count = strings.Count;
            Pointer = (byte**)NativeMemory.AllocZeroed((nuint)_count + 1, (nuint)sizeof(byte*));
            for (var i = 0; i < _count; i++)
            {
                var bytes = Encoding.UTF8.GetBytes(strings[i] + '\0');
                Pointer[i] = (byte*)NativeMemory.Alloc((nuint)bytes.Length);
                bytes.CopyTo(new Span<byte>(Pointer[i], bytes.Length));
            }
        }

        public byte** Pointer { get; }

        public void Dispose()
        {
            for (var i = 0; i < _count; i++)
            {
                NativeMemory.Free(Pointer[i]);
            }

            NativeMemory.Free(Pointer);
        }
    }
}
