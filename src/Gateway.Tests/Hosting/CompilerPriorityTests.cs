using System.Reflection;
using System.Runtime.CompilerServices;
using Gateway.Hosting;
using Gateway.Tests.Support;

namespace Gateway.Tests.Hosting;

public class CompilerPriorityTests
{
    [LinuxFact]
    public void Lower_ThreadOfTheCompilersName_GivesWay_OthersDoNot()
    {
        using var compiler = new NamedThread(CompilerPriority.ThreadName);
        using var other = new NamedThread("loop 0");

        CompilerPriority.Lower();

        Assert.Equal((CompilerPriority.Nice, 0), (compiler.Nice, other.Nice));
    }

    [LinuxFact]
    public void TheRuntime_CallsItsCompilerSo()
    {
        var type = typeof(int);
        var seen = SpinWait.SpinUntil(
            () =>
            {
                type = typeof(ValueTuple<>).MakeGenericType(type);
                UseOften(type);
                return Directory.EnumerateDirectories("/proc/self/task").Any(thread => CommOf(thread) == ".NET Tiered Com");
            },
            TimeSpan.FromSeconds(60));

        Assert.True(seen);
    }

    // A struct is code of its own, and thirty calls are enough to compile it anew.
    private static void UseOften(Type type)
    {
        var method = typeof(CompilerPriorityTests).GetMethod(nameof(Size), BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(type).CreateDelegate<Func<int>>();
        for (var i = 0; i < 100; i++)
        {
            method();
        }

        Thread.Sleep(1);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Size<T>()
        where T : struct => Unsafe.SizeOf<T>();

    private static string CommOf(string thread)
    {
        try
        {
            return File.ReadAllText(Path.Combine(thread, "comm")).TrimEnd('\n');
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>A thread that waits, and tells what the kernel knows of it.</summary>
    private sealed class NamedThread : IDisposable
    {
        private readonly ManualResetEventSlim _end = new();
        private readonly Thread _thread;
        private string _stat = "";

        public NamedThread(string name)
        {
            using var started = new ManualResetEventSlim();
            _thread = new Thread(() =>
            {
                _stat = $"/proc/self/task/{Path.GetFileName(File.ResolveLinkTarget("/proc/thread-self", returnFinalTarget: false)!.FullName)}/stat";
                started.Set();
                _end.Wait();
            })
            { Name = name };
            _thread.Start();
            started.Wait();
        }

        // The nineteenth field; the second is the name, in parentheses (proc_pid_stat(5)).
        public int Nice => int.Parse(File.ReadAllText(_stat).Split(") ", 2)[1].Split(' ')[16]);

        public void Dispose()
        {
            _end.Set();
            _thread.Join();
            _end.Dispose();
        }
    }
}
