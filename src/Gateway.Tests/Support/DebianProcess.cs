using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Gateway.Tests.Support;

/// <summary>
/// A real program started by a test, with what it prints, and ended by its process id when disposed: first asked, then
/// killed. Programs that fork must be told to stay in the foreground.
/// </summary>
internal sealed partial class DebianProcess : IAsyncDisposable
{
    private const int NoSuchProcess = 3;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly StringBuilder _output = new();
    private readonly Process _process;

    private DebianProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, e) => Append(e.Data);
        _process.ErrorDataReceived += (_, e) => Append(e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Everything printed so far, on both streams.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>The program's path, or null when it is not installed.</summary>
    /// <remarks>The sbin directories are searched too: nginx and nft live there, and they are not on everybody's PATH.</remarks>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Concat(["/usr/local/sbin", "/usr/sbin", "/sbin"])
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);

    /// <summary>Why a test that needs these programs cannot run here, or null when it can.</summary>
    public static string? WhyNot(IEnumerable<string> programs)
    {
        var missing = programs.Where(program => Find(program) is null).ToArray();
        return missing.Length == 0 ? null : $"Not installed here: {string.Join(", ", missing)}.";
    }

    public static DebianProcess Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(Find(program) ?? throw new FileNotFoundException(program), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return new DebianProcess(start);
    }

    /// <summary>Waits until something accepts connections at <paramref name="endPoint"/>.</summary>
    /// <exception cref="InvalidOperationException">The program ended or did not listen in time; with its output.</exception>
    public async Task WaitUntilListeningAsync(IPEndPoint endPoint)
    {
        using var deadline = new CancellationTokenSource(_patience);
        while (!HasExited && !deadline.IsCancellationRequested)
        {
            using var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(endPoint);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        }

        throw new InvalidOperationException(
            $"{_process.StartInfo.FileName} does not listen on {endPoint}:{Environment.NewLine}{Output}");
    }

    /// <summary>Waits until the program ends by itself and returns its exit code.</summary>
    public async Task<int> WaitForExitAsync()
    {
        using var deadline = new CancellationTokenSource(_patience);
        await _process.WaitForExitAsync(deadline.Token);
        return _process.ExitCode;
    }

    /// <summary>Sends a signal to the program; nothing happens when it has ended.</summary>
    public void Signal(PosixSignalNumber signal)
    {
        if (!HasExited && Kill(Id, (int)signal) != 0 && Marshal.GetLastPInvokeError() is not NoSuchProcess and var error)
        {
            throw new Win32Exception(error);
        }
    }

    /// <summary>Ends the program at once, as a crash would.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        // A stopped process takes a request to end only once it goes on.
        Signal(PosixSignalNumber.Continue);
        Signal(PosixSignalNumber.Terminate);
        try
        {
            await WaitForExitAsync();
        }
        catch (OperationCanceledException)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);

    private void Append(string? line)
    {
        if (line is not null)
        {
            lock (_output)
            {
                _output.AppendLine(line);
            }
        }
    }
}

/// <summary>The signals tests send, by their Linux numbers.</summary>
internal enum PosixSignalNumber
{
    Hangup = 1,
    Interrupt = 2,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}
