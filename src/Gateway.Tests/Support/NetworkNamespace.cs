using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Gateway.Tests.Support;

/// <summary>A network namespace of a test's own, with a name that no other process uses, removed when disposed together
/// with what still runs in it.</summary>
internal sealed partial class NetworkNamespace : IDisposable
{
    private static int _last;

    public NetworkNamespace(string role)
    {
        Name = string.Create(
            CultureInfo.InvariantCulture, $"gwt{Environment.ProcessId}-{Interlocked.Increment(ref _last)}-{role}");
        Run("ip", "netns", "add", Name);
        Ip("link set lo up");
    }

    public string Name { get; }

    /// <summary>Why namespaces cannot be had here, or null.</summary>
    public static string? WhyNot { get; } =
        !OperatingSystem.IsLinux() ? "Network namespaces are for Linux."
        : Environment.UserName != "root" ? "Network namespaces need root."
        : DebianProcess.WhyNot(["ip", "nft"]) ?? WhyNotMade();

    /// <summary>Runs <c>ip</c> in the namespace, once for each line.</summary>
    public void Ip(params string[] lines)
    {
        // A batch knows no options such as -6 in its lines, and needs none: addresses tell the family, but in rules.
        foreach (var group in lines.GroupBy(line => line.StartsWith("-6 ", StringComparison.Ordinal)))
        {
            var batch = string.Join('\n', group.Select(line => group.Key ? line[3..] : line));
            Run("ip", [.. group.Key ? (string[])["-6"] : [], "-n", Name, "-batch", "-"], batch);
        }
    }

    /// <summary>Runs a program in the namespace and returns what it prints.</summary>
    public string Exec(string program, params string[] arguments) =>
        Run("ip", ["netns", "exec", Name, DebianProcess.Find(program) ?? program, .. arguments]);

    /// <summary>The same with some input.</summary>
    public string ExecWith(string input, string program, params string[] arguments) =>
        Run("ip", ["netns", "exec", Name, DebianProcess.Find(program) ?? program, .. arguments], input);

    /// <summary>Starts a program in the namespace.</summary>
    public DebianProcess Start(string program, params string[] arguments) =>
        DebianProcess.Start("ip", ["netns", "exec", Name, DebianProcess.Find(program) ?? program, .. arguments]);

    public void Set(params string[] settings) => Exec("sysctl", ["-qw", .. settings]);

    /// <summary>Does something on a thread that is in the namespace: sockets it opens stay there.</summary>
    public void Inside(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var file = File.OpenHandle($"/run/netns/{Name}");
                const int network = 0x40000000;
                if (SetNamespace((int)file.DangerousGetHandle(), network) != 0)
                {
                    throw new Win32Exception(Marshal.GetLastPInvokeError());
                }

                action();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null)
        {
            throw new InvalidOperationException($"In namespace {Name}: {failure.Message}", failure);
        }
    }

    public T Inside<T>(Func<T> make)
    {
        T made = default!;
        Inside(() => { made = make(); });
        return made;
    }

    public void Dispose()
    {
        foreach (var pid in Run("ip", "netns", "pids", Name).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                using var process = Process.GetProcessById(int.Parse(pid, CultureInfo.InvariantCulture));
                process.Kill();
            }
            catch (ArgumentException)
            {
                // It has ended by itself.
            }
        }

        Run("ip", "netns", "del", Name);
    }

    private static string? WhyNotMade()
    {
        try
        {
            using var trial = new NetworkNamespace("trial");
            return null;
        }
        catch (InvalidOperationException e)
        {
            return "Network namespaces cannot be made here: " + e.Message;
        }
    }

    private static string Run(string program, params string[] arguments) => Run(program, arguments, null);

    private static string Run(string program, string[] arguments, string? input)
    {
        var start = new ProcessStartInfo(DebianProcess.Find(program)!, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        if (input is not null)
        {
            process.StandardInput.Write(input);
        }

        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {error.Result}{output}");
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(int descriptor, int kind);
}

/// <summary>A fact in network namespaces, skipped with the reason where there can be none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NamespaceFactAttribute : FactAttribute
{
    /// <param name="programs">Debian's programs that it needs besides.</param>
    public NamespaceFactAttribute(params string[] programs) => Skip = NetworkNamespace.WhyNot ?? DebianProcess.WhyNot(programs);
}

/// <summary>A theory in network namespaces, skipped with the reason where there can be none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NamespaceTheoryAttribute : TheoryAttribute
{
    public NamespaceTheoryAttribute() => Skip = NetworkNamespace.WhyNot;
}
